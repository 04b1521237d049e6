#!/bin/bash
# Runs in the guest of scripts/forms.sh: one crash (the write to /proc/null_chain kills its shell, not the machine), and the log of it as every program at
# hand prints it, in base64 on the console.
set -u
export LC_ALL=C TZ=UTC
out=/run/forms; mkdir -p $out
drivers=$KERNEL/lib/modules/$(uname -r)/kernel
echo 0 > /proc/sys/kernel/panic_on_oops
dmesg -n 8

# systemd-journald and rsyslogd read /dev/kmsg, each by itself.
mkdir -p /run/systemd/journal /run/log/journal
echo 0123456789abcdef0123456789abcdef > /etc/machine-id
hostname forms
printf '[Journal]\nStorage=volatile\nReadKMsg=yes\nRateLimitBurst=0\n' > /etc/systemd/journald.conf
/lib/systemd/systemd-journald < /dev/null > /run/journald.txt 2>&1 &
export LD_LIBRARY_PATH=$PROGRAMS/usr/lib/x86_64-linux-gnu
cat > /run/rsyslog.conf <<CONF
module(load="imklog" PermitNonKernelFacility="on")
module(load="imuxsock" SysSock.Use="off")
*.* action(type="omfile" file="$out/rsyslog-3164.log" template="RSYSLOG_TraditionalFileFormat")
*.* action(type="omfile" file="$out/rsyslog-iso.log" template="RSYSLOG_FileFormat")
*.* action(type="omfile" file="$out/rsyslog-5424.log" template="RSYSLOG_SyslogProtocol23Format")
CONF
$PROGRAMS/usr/sbin/rsyslogd -n -f /run/rsyslog.conf -i /run/rsyslogd.pid -M $LD_LIBRARY_PATH/rsyslog < /dev/null > /run/rsyslogd.txt 2>&1 &
rsyslogd=$!
unset LD_LIBRARY_PATH

# netconsole sends to the other end of a pair of interfaces; each datagram is written as it comes.
busybox insmod $drivers/drivers/net/veth.ko
ip link add veth0 type veth peer name veth1
ip addr add 192.168.9.1/24 dev veth0; ip addr add 192.168.9.2/24 dev veth1
ip link set veth0 up; ip link set veth1 up; ip link set lo up
for file in accept_local rp_filter; do for dev in all veth0 veth1; do echo $([ $file = accept_local ] && echo 1 || echo 0) > /proc/sys/net/ipv4/conf/$dev/$file; done; done
"$NODE" -e '
const { createSocket } = require("dgram"); const { appendFileSync } = require("fs");
for (const [port, name] of [[6666, "netconsole"], [6667, "netconsole-extended"]])
  createSocket("udp4").on("message", (bytes) => appendFileSync(`/run/forms/${name}.log`, bytes)).bind(port);
' < /dev/null > /run/receiver.txt 2>&1 &
receiver=$!
mount -t configfs none /sys/kernel/config 2> /dev/null || busybox insmod $drivers/fs/configfs/configfs.ko 2> /dev/null
mac=$(cat /sys/class/net/veth1/address)
sleep 4
busybox insmod $drivers/drivers/net/netconsole.ko "netconsole=6665@192.168.9.1/veth0,6666@192.168.9.2/$mac;+6665@192.168.9.1/veth0,6667@192.168.9.2/$mac"

# ramoops keeps its records in memory that the command line took away from the kernel.
busybox insmod $drivers/lib/reed_solomon/reed_solomon.ko 2> /dev/null
busybox insmod $drivers/fs/pstore/ramoops.ko mem_address=0x70000000 mem_size=0x200000 record_size=0x20000 dump_oops=1 2> /dev/null || busybox insmod $drivers/fs/pstore/ramoops.ko mem_address=0x70000000 mem_size=0x200000 record_size=0x20000 max_reason=2
mkdir -p /run/pstore; mount -t pstore none /run/pstore
echo 200 > /sys/module/pstore/parameters/update_ms

dmesg -C
: > $out/netconsole.log; : > $out/netconsole-extended.log
echo "forms: begin" > /dev/kmsg
( dmesg -w > $out/dmesg-w.log < /dev/null ) & watcher=$!
sleep 1
(echo 2 > /proc/null_chain) 2> /dev/null
sleep 6
echo "forms: end" > /dev/kmsg
sleep 2
kill $watcher $receiver $rsyslogd 2> /dev/null
count=$(dmesg | wc -l)
dmesg > $out/plain.log
dmesg -T > $out/dmesg-T.log
dmesg -x > $out/dmesg-x.log
dmesg -d > $out/dmesg-d.log
dmesg -r > $out/dmesg-r.log
dmesg -H --nopager --color=always > $out/dmesg-H-colour.log
for form in iso delta reltime ctime notime; do dmesg --time-format=$form > $out/dmesg-$form.log; done
dmesg -x -T -d > $out/dmesg-xTd.log
dmesg --json > $out/dmesg-json.log
dd if=/dev/kmsg iflag=nonblock bs=8192 2> /dev/null | sed -n '/forms: begin/,$p' > $out/kmsg.log
journalctl --directory=/run/log/journal --sync 2> /dev/null
for form in short short-precise short-iso short-iso-precise short-full short-monotonic short-unix verbose export json json-pretty json-sse json-seq cat with-unit; do
  journalctl --directory=/run/log/journal -k -q --no-pager -n "$count" -o $form > $out/journal-$form.log
done
cp /run/pstore/dmesg-ramoops-* $out/ 2> /dev/null
for file in $out/rsyslog-*.log; do sed -n '/forms: begin/,$p' $file > $file.new; mv $file.new $file; done
cat /run/journald.txt /run/rsyslogd.txt /run/receiver.txt
( cd $out && tar cf - . | gzip -9 ) | base64 -w 4000 > /run/forms.b64
dmesg -n 1
echo; echo "FORMS BEGIN"; cat /run/forms.b64; echo "FORMS END"

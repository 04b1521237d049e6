#!/bin/sh
# Mixed load for SECONDS ($1): TCP over two virtio_net cards that are wired to each other (NAPI, GRO), TCP over a bridge with veths, TCP that is forwarded between veths, and pings on all ways. Writes
# `@@ load WAY SIZE WHOLE SENT BACK` for each: bytes of the stream that arrived, whether they are those that were sent (`whole`), pings and their answers. Needs virtio_net, veth and bridge.
busybox=/dev/.oopscope/busybox
# name address: a namespace with one card
place() {
  ip netns add $1; ip link set $3 netns $1; ip -n $1 link set lo up; ip -n $1 link set $3 up; ip -n $1 addr add $2/24 dev $3
}
cards=$(for card in /sys/class/net/*/device; do basename $(dirname $card); done)
set -- $1 $cards
seconds=$1
place wire1 10.1.0.1 $2; place wire2 10.1.0.2 $3
ip link add bridge9 type bridge; ip link set bridge9 up
for end in 1 2; do
  ip link add bv$end type veth peer name bw$end; ip link set bw$end master bridge9 up; place bridge$end 10.2.0.$end bv$end
  ip link add fv$end type veth peer name fw$end; ip addr add 10.$((2 + end)).0.254/24 dev fw$end; ip link set fw$end up; place forward$end 10.$((2 + end)).0.1 fv$end
  ip -n forward$end route add default via 10.$((2 + end)).0.254
done
echo 1 > /proc/sys/net/ipv4/ip_forward
stream() { # name from to address
  mkfifo /tmp/arrived.$1; md5sum < /tmp/arrived.$1 > /tmp/sum.$1 &
  # It ends with its input.
  sleep $seconds | timeout $seconds ip netns exec $3 $busybox nc -l -p 5000 2> /dev/null | tee /tmp/arrived.$1 | wc -c > /tmp/load.$1 &
  sleep 1
  # Numbers, no two alike: what is lost, doubled or out of order shows.
  seq 1000000000 2> /dev/null | timeout $((seconds - 1)) ip netns exec $2 $busybox nc $4 5000 > /dev/null 2>&1 &
  timeout -s INT $((seconds - 1)) ip netns exec $2 $busybox ping -A -q -s 1000 $4 > /tmp/ping.$1 2>&1 &
}
stream wire wire1 wire2 10.1.0.2
stream bridge bridge1 bridge2 10.2.0.2
stream forward forward1 forward2 10.4.0.1
sleep $((seconds + 3))
for way in wire bridge forward; do
  size=$(cat /tmp/load.$way); whole=torn
  [ "$(seq 1000000000 2> /dev/null | head -c $size | md5sum)" = "$(cat /tmp/sum.$way)" ] && whole=whole
  echo "@@ load $way $size $whole $(sed -n 's/^\([0-9]*\) packets transmitted, \([0-9]*\) packets received.*/\1 \2/p' /tmp/ping.$way)"
done

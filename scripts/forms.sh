#!/bin/bash
# Makes test/fixtures/forms anew: one crash of a 6.1 guest, as the programs that people have print it. Needs dist/, QEMU, and the kernel in the cache;
# rsyslog and systemd are unpacked into the cache, not installed.
set -euo pipefail
cd "$(dirname "$0")/.."
cache=${OOPSCOPE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/oopscope}
release=$(scripts/kernels.sh)
export KERNEL=$cache/kernels/$release PROGRAMS=$cache/programs NODE
NODE=$(command -v node)
if [ ! -x "$PROGRAMS/usr/sbin/rsyslogd" ]; then
  mkdir -p "$PROGRAMS/debs"
  (cd "$PROGRAMS/debs" && apt-get download rsyslog libestr0 libfastjson4 liblognorm5 && for deb in *.deb; do dpkg -x "$deb" ..; done)
fi
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
{ echo '#!/bin/bash'; for name in KERNEL PROGRAMS NODE; do printf 'export %s=%q\n' $name "${!name}"; done; tail -n +2 scripts/forms-guest.sh; } > "$work/guest.sh"
chmod +x "$work/guest.sh"
node dist/cli/main.cjs lab run --kernel "$release" --module "test/fixtures/modules/$release/null_chain.ko" --script "$work/guest.sh" --append 'memmap=4M$0x70000000' \
  --memory 2048 --cpus 1 --timeout 300 --no-decode -o "$work/console.log" > /dev/null
tr -d '\r' < "$work/console.log" | sed -n '/^FORMS BEGIN$/,/^FORMS END$/p' | sed '1d;$d' | base64 -d > "$work/forms.tgz"
out=test/fixtures/forms
mkdir -p $out
tar xzf "$work/forms.tgz" -C $out
sed -n '/forms: begin/,/forms: end/p' "$work/console.log" > $out/serial.log
grep -v '^\[' "$work/console.log" | tr -d '\r' | sed -n '/^FORMS BEGIN$/q;p' >&2

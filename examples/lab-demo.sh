#!/bin/bash
# The whole story in throw-away machines: a module crashes one; the log is explained; the module gets BTF; its guilty functions are traced; guard catches the second free. The cases are left as HTML in
# FOLDER ($1, by default lab-demo/). Needs a kernel with its debug file and headers (`scripts/kernels.sh --debug`), QEMU, pahole and clang (for dist/programs): `make lab-demo` installs them.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$(realpath -m "${1:-lab-demo}")
kernel=${2:-$(node -e 'console.log(require("node:child_process").execFileSync(process.execPath, ["dist/cli/main.cjs", "lab", "list"], { encoding: "utf8" }).match(/^[ *]*(6\.1\.0-\d+-amd64)\b/m)?.[1] ?? "")')}
mkdir -p "$folder"
node=$(scripts/run.sh bash -c 'command -v node')
oopscope() { scripts/run.sh "$node" dist/cli/main.cjs "$@"; }
step() { printf '\n\033[1m== %s\033[0m\n' "$*"; }
show() { echo "\$ oopscope $*" && oopscope "$@"; }
debug="${OOPSCOPE_CACHE:-$HOME/.cache/oopscope}/kernels/$kernel/usr/lib/debug/boot/vmlinux-$kernel"
vmlinux=() base=()
[ ! -e "$debug" ] || vmlinux=(--vmlinux "$debug") base=(--base "$debug")
files=("${vmlinux[@]}" --modules "$folder" --source .)
# What explain may end with: some symbols could not be had (3).
partly() { "$@" || [ $? = 3 ]; }
# What a guest is expected to end with, besides success: a panic (10).
panics() { "$@" || [ $? = 10 ]; }

step "1. A module crashes a machine"
echo "\$ oopscope lab run skb-double-free -o panic.log"
panics oopscope lab run skb-double-free ${kernel:+--kernel "$kernel"} --no-decode --format json -o "$folder/panic.log" > "$folder/run.json"
module=$("$node" -p 'JSON.parse(require("fs").readFileSync(process.argv[1], "utf8")).modules.find((path) => path.includes("skb_double_free"))' "$folder/run.json")
grep -m1 'kernel BUG' "$folder/panic.log"

step "2. What happened, and whose line it is"
cp "$module" "$folder/skb_double_free.ko"
partly show explain "${files[@]}" "$folder/panic.log"
partly oopscope explain "${files[@]}" --format json -o "$folder/crash.json" "$folder/panic.log"
partly oopscope explain --format html -o "$folder/crash.html" "$folder/crash.json"

step "3. BTF for the module, whose build skipped it"
rm -f "$folder/typed/skb_double_free.ko"
mkdir -p "$folder/typed"
show btf encode "$folder/skb_double_free.ko" "${base[@]}" -o "$folder/typed/skb_double_free.ko"

step "4. In another machine: what can be traced, what the guilty functions do, and the second free caught before it happens"
cat > "$folder/guarded.sh" <<EOF
#!/bin/sh
export HOME=/tmp; cd /tmp
oopscope() { echo "\\$ oopscope \$*"; $node $PWD/dist/cli/main.cjs "\$@"; }
oopscope functions --module skb_double_free
# The device comes up and greets: packets of IPv6, which are freed once.
(sleep 6; ip addr add 10.9.0.1/24 dev tun9; ip link set tun9 up) &
oopscope trace --from $folder/crash.json --duration 15 --limit 1
oopscope guard skb_double_free --hold 3000 -o case.json 2> said &
for try in \$(seq 200); do grep -qE 'guarding|error' said && break; sleep 0.2; done
cat said
/dev/.oopscope/busybox ping -c 1 -W 1 10.9.0.2
sleep 5
EOF
chmod +x "$folder/guarded.sh"
echo "\$ oopscope lab run --module skb_double_free.ko --script guarded.sh"
panics oopscope lab run ${kernel:+--kernel "$kernel"} --module "$folder/typed/skb_double_free.ko" --cpus 2 --memory 1536 --timeout 180 --no-decode --script "$folder/guarded.sh" -o "$folder/guarded.log"

step "5. Caught: both frees, with their lines, in the log of the machine that died of it"
partly show explain "${files[@]}" "$folder/guarded.log"
partly oopscope explain "${files[@]}" --format html -o "$folder/guarded.html" "$folder/guarded.log"
echo
echo "$folder/crash.html: what the crash alone tells; $folder/guarded.html: what guard saw"

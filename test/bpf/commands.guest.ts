import { join } from "node:path";
import { expect, it } from "vitest";
import { compileBpf, dummyOf, inGuest, suites } from "./guest.ts";

const program = `${process.execPath} ${join(import.meta.dirname, "../../dist/cli/main.cjs")}`;

const root = join(import.meta.dirname, "../..");

const network = `ip link show dummy0 > /dev/null 2>&1 || ip link add dummy0 type dummy
ip addr add 10.9.9.1/24 dev dummy0; ip link set dummy0 up arp off; sysctl -qw net.ipv6.conf.dummy0.disable_ipv6=1; sleep 1
send() { bash -c "exec 3<> /dev/udp/10.9.9.2/9; for i in 1 2 3; do printf %0*d $1 0 >&3; done"; }`;

it.each(suites())("%s: a program for a module's function is written, built, run, and shows its calls", async (kernel) => {
  const said = await inGuest(
    `new-${kernel}`,
    `${network}
cd /tmp
${program} bpf new dummy:dummy_xmit --exit -q || exit 1
cd dummy_xmit
${program} bpf build -q --module dummy dummy_xmit.bpf.c || exit 1
${program} bpf run --format json --limit 6 --duration 60 --no-printk dummy_xmit.bpf.o > out 2> err &
for try in $(seq 100); do grep -q attached err && break; sleep 0.2; done
send 100
wait
sed 's/^/@@ /' out
while read -r line; do echo "@@ \\"$line\\""; done < err
mkdir node_modules && ln -s ${root} node_modules/oopscope && ${root}/node_modules/.bin/esbuild --log-level=error agent.ts --outfile=agent.mjs || exit 1
${process.execPath} agent.mjs > out 2> err &
agent=$!
for try in $(seq 100); do grep -q attached err && break; sleep 0.2; done
send 100
for try in $(seq 100); do [ $(wc -l < out) -ge 6 ] && break; sleep 0.1; done
kill -INT $agent; wait $agent; echo "@@ $?"
sed 's/\\(0x[0-9a-f]*\\|bash-[0-9]*\\)/PLACE/g; s/"/\\\\"/g; s/.*/@@ "&"/' out err`,
    { kernel, modules: [dummyOf(kernel)] },
  );
  const events = said.slice(0, 6) as { time: number; args: { args: { skb: string; dev: string } } }[];
  const { args: first } = events[0]!.args;
  expect([first.skb, first.dev]).toEqual([expect.stringMatching(/^0xf[0-9a-f]{15}$/), expect.stringMatching(/^0xf[0-9a-f]{15}$/)]);
  const shown = events.map(({ time, ...event }) => ({ ...event, time: time > 0, args: { ...event.args, time: 0, pid: 0, tid: 0, args: Object.keys(event.args.args) }, pid: 0, tid: 0 }));
  const expected = (exit: number): unknown => ({
    time: true, cpu: 0, pid: 0, tid: 0, comm: "bash", probe: "events", module: null, function: null, kind: "event",
    args: { time: 0, pid: 0, tid: 0, cpu: 0, at_exit: exit, comm: "bash", args: ["skb", "dev"], result: 0 },
    ret: null, duration: null, stack: [],
  });
  // Each call: the entry, then the return; dummy_xmit gives NETDEV_TX_OK.
  expect(shown).toEqual([0, 1, 0, 1, 0, 1].map(expected));
  expect(said.slice(6, 8)).toEqual(["oopscope: note: attached fentry/dummy_xmit, fexit/dummy_xmit; Ctrl-C ends it", "oopscope: note: detached 2 programs"]);
  // The agent in TypeScript that was written with it.
  const agent = (way: string, result: string): string => `PLACE ${way} dummy_xmit {"skb":"PLACE","dev":"PLACE"}${result}`;
  const call = [agent("enters", ""), agent("leaves", " = 0")];
  expect(said.slice(8)).toEqual([0, ...call, ...call, ...call, "attached to dummy_xmit; Ctrl-C ends it", "detached; 6 events, 0 lost"]);
});

it.each(suites())("%s: lines of bpf_printk, parsed and filtered; Ctrl-C detaches", async (kernel) => {
  const object = compileBpf("printk");
  const said = await inGuest(
    `printk-${kernel}`,
    `${network}
${program} bpf run --no-printk ${object} 2> err &
runner=$!
${program} bpf pipe --match 'len=(142|242)' --limit 6 --duration 60 --format json > out 2> pipe-err &
piper=$!
for try in $(seq 100); do grep -q attached err && break; sleep 0.2; done
send 100; send 50; send 200
wait $piper
kill -INT $runner; wait $runner; echo "@@ $?"
sed 's/^/@@ /' out
while read -r line; do echo "@@ \\"$line\\""; done < err`,
    { kernel, modules: [dummyOf(kernel)] },
  );
  const lines = (said.slice(1, 7) as { time: number; tid: number }[]).map(({ time, tid, ...line }) => ({ ...line, time: time > 0, tid: tid > 0 }));
  const line = (length: number): unknown => ({
    time: true, cpu: 0, pid: null, tid: true, comm: "bash", probe: "bpf_trace_printk", module: null, function: null, kind: "tracepoint",
    args: { text: `dummy_xmit: len=${length} dev=dummy0` }, ret: null, duration: null, stack: [], clock: "local",
  });
  expect(said[0]).toBe(130);
  // The packet on the wire: 14 bytes of Ethernet, 20 of IP, 8 of UDP, and the text.
  expect(lines).toEqual([142, 142, 142, 242, 242, 242].map(line));
  expect(said.slice(7)).toEqual(["oopscope: note: attached fentry/dummy_xmit; Ctrl-C ends it", "oopscope: note: detached 1 program"]);
});

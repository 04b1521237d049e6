import { closeSync, openSync, readFileSync, writeSync } from "node:fs";

const chatter = [
  "usb 1-1: new high-speed USB device number 5 using xhci_hcd",
  "systemd[1]: Started Session 12 of user root.",
  'audit: type=1400 audit(1600000000.123:45): apparmor="STATUS" operation="profile_load" profile="unconfined" name="/usr/bin/man" pid=456 comm="apparmor_parser"',
  "EXT4-fs (sda1): mounted filesystem with ordered data mode. Quota mode: none.",
  "e1000: eth0 NIC Link is Up 1000 Mbps Full Duplex, Flow Control: RX",
];

/** Writes a log of `size` bytes with `reports` crashes in it. */
export function writeLongLog(path, size, reports, crash) {
  const panic = readFileSync(crash, "latin1");
  const descriptor = openSync(path, "w");
  const each = Math.floor(size / reports) - panic.length;
  for (let report = 0, line = 0; report < reports; report++) {
    const parts = [];
    for (let length = 0; length < each; line++) {
      const text = `[${String(Math.floor(line / 1000)).padStart(5)}.${String((line % 1000) * 1000).padStart(6, "0")}] ${chatter[line % chatter.length]}\n`;
      parts.push(text);
      length += text.length;
    }
    writeSync(descriptor, parts.join("") + panic, null, "latin1");
  }
  closeSync(descriptor);
}

import { listLinks, listMaps, listPrograms } from "../../../src/bpf/index.ts";

// Of those that the test loads: others may be systemd's.
const programs = (await listPrograms()).filter(({ name }) => name === "enters" || name === "leaves").length;
const maps = (await listMaps()).filter(({ name }) => ["events", "last", "counts"].includes(name)).length;
console.log(`@@ ${JSON.stringify({ programs, maps, links: (await listLinks()).length })}`);

#!/usr/bin/env node
import { enableCompileCache } from "./compile-cache.ts";

enableCompileCache();
const { run } = await import("./program.ts");
const status = await run(process.argv.slice(2));
// All output is written by now: nothing is gained by waiting for what the engine still compiles in the background.
process.exit(status);

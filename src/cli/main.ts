#!/usr/bin/env node
import { keepCompiledCode } from "./code-cache.ts";

const keep = keepCompiledCode();
void import("./program.ts")
  .then(({ run }) => run(process.argv.slice(2)))
  // All output is written by now: nothing is gained by waiting for what the engine still compiles in the background.
  .then((status) => {
    keep();
    process.exit(status);
  });

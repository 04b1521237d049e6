// One fentry program that was written by the assembler, until it is attached.
import { Assembler, GeneratedProgram, r0 } from "../../dist/bpf/index.js";

const program = await GeneratedProgram.load(new Assembler().mov(r0, 0).exit(), { type: "tracing", attachType: "trace-fentry", target: { function: "do_unlinkat" } });
program.attach();
console.log("attached");
process.exit(0);

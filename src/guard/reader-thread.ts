/** The thread of a reader: a file of its own in dist/, as worker threads begin with one. */
import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { messageOf } from "../base/index.ts";
import { runReader, type ReaderOptions } from "./reader.ts";
import type { SymbolTable } from "./symbols.ts";

try {
  await runReader(workerData as ReaderOptions, (hardness) => parentPort!.postMessage({ hardness }), () => (receiveMessageOnPort(parentPort!)?.message as SymbolTable | undefined) ?? null);
} catch (error) {
  parentPort!.postMessage({ failed: messageOf(error) });
}

/** The thread of a reader: a file of its own in dist/, as worker threads begin with one. */
import { parentPort, workerData } from "node:worker_threads";
import { messageOf } from "../base/index.ts";
import { runReader, type ReaderOptions } from "./reader.ts";

try {
  await runReader(workerData as ReaderOptions, (hardness) => parentPort!.postMessage({ hardness }));
} catch (error) {
  parentPort!.postMessage({ failed: messageOf(error) });
}

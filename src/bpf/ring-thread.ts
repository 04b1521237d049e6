/** The thread of a ThreadedRing: a file of its own in dist/, as worker threads begin with one. */
import { parentPort, workerData } from "node:worker_threads";
import { messageOf } from "../base/index.ts";
import { drainRing, type DrainOptions } from "./drain.ts";

try {
  await drainRing(workerData as DrainOptions, () => parentPort!.postMessage({ ready: true }), (batch) => parentPort!.postMessage({ batch }, [batch.memory]));
} catch (error) {
  parentPort!.postMessage({ failed: messageOf(error) });
}

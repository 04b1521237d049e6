import { OopscopeError } from "../base/index.ts";

/** Packs the debug file at `from` into the GSYM `to` and what belongs beside it. The one place where fetching meets packing. */
// eslint-disable-next-line @typescript-eslint/require-await
export async function packDebugFile(from: string, to: string, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  throw new OopscopeError("unsupported", `${from}: this build of oopscope cannot pack symbols, into ${to}`, { file: from });
}

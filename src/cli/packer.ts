import { OopscopeError } from "../base/index.ts";

/** Packs the debug file at `from` into the GSYM `to` and what belongs beside it. The one place where fetching meets packing. */
// eslint-disable-next-line @typescript-eslint/require-await
export async function packDebugFile(from: string, _to: string, _signal: AbortSignal): Promise<void> {
  throw new OopscopeError("unsupported", `${from}: this build of oopscope cannot pack symbols`, { file: from });
}

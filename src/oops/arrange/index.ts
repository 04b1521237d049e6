/**
 * Forms that only a look at the whole text tells: the parts of a pstore dump, and a log that a mail program or a form on a page has wrapped. What is no such
 * text comes back as it is.
 */
import { orderParts } from "./pstore.ts";
import { unwrap } from "./wrapped.ts";

/** Texts beyond this are no mail, and no folder of pstore is larger. */
export const mostArranged = 1 << 24;

export function arrange(lines: readonly string[]): readonly string[] {
  return unwrap(orderParts(lines));
}

export { OopscopeError, messageOf, type ErrorCode, type ErrorFacts } from "./errors.ts";
export { hex, type ImageOffset, type LinkAddress, type RuntimeAddress } from "./address.ts";
export { Budget } from "./budget.ts";
export { Cursor, differenceOfHalves, lightened, textOf, type Origin } from "./cursor.ts";
export { byteText, bytesOf, unicodeOf, type ByteText } from "./bytetext.ts";
export { version } from "./version.ts";

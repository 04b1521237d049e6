export { checkCondition, checkExpression, fitted, textPlaceOf, type Parameter, type Scope } from "./check.ts";
export { enumerator } from "./enumerators.ts";
export { ExpressionError, type Span } from "./error.ts";
export { parseExpression, type Tree } from "./tree.ts";
export type { Arithmetic, Builtin, Comparison, Node, TextPlace, Typed, Width } from "./typed.ts";
export { bytesOf, shapeOf, textOfType, typeNamed, unsignedLong, type Shape, type Type } from "./types.ts";

export { DwarfFile, type Place, type PlaceInFunction } from "./file.ts";
export type { FunctionContents, InlineContents, UnitContents } from "./contents.ts";
export { Claims, ascending } from "./claims.ts";
export { CType, typeName, type Member, type TypeKind } from "./types.ts";
export type { Computation, Location, LocationBase, LocationRange } from "./locations.ts";
export { namesOf, scopesAt, type FunctionScopes, type Scope, type UnitNames, type Variable } from "./variables.ts";
export { prototypesOf, type Prototype } from "./prototypes.ts";

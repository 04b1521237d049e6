export { SourceFolders, type Excerpt } from "./folders.ts";
export { assertionAt, type Assertion } from "./assertion.ts";

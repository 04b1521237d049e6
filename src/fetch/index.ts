export { buildIdOfBootImage } from "./bootimage.ts";
export { debuginfodOptions, fetchDebuginfo, type DebuginfodOptions } from "./debuginfod.ts";
export { fetchPackage, type FetchOptions, type Fetched, type Pack } from "./package.ts";
export type { Progress } from "./save.ts";
export { clearStore, defaultStoreSize, isStorable, listStore, noteUse, partsOfStore, repairStore, storeSize, trimStore, type Removed, type StoreEntry, type StoreNote } from "./store.ts";

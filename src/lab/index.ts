export { writeCpio, type CpioEntry } from "./cpio.ts";
export { cacheFolder, findKernel, listKernels, type BootKernel } from "./kernels.ts";
export { loadOrder, readModuleTree, type LoadedModule, type ModuleTree } from "./order.ts";
export { moduleInfo, moduleName, readModule, type ModuleInfo } from "./modinfo.ts";
export { buildInitramfs, type GuestPlan } from "./init.ts";
export { runGuest, type GuestEnd, type GuestOptions } from "./guest.ts";
export { type Machine } from "./qemu.ts";

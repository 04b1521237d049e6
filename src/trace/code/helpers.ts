/** Helpers of the kernel that traces call, by number (include/uapi/linux/bpf.h, enum bpf_func_id). All but the last two are in 5.8. */
export const helper = {
  mapLookup: 1, mapUpdate: 2, mapDelete: 3, ktimeGetNs: 5, getSmpProcessorId: 8, getCurrentPidTgid: 14, getCurrentComm: 16, getStack: 67, probeReadKernel: 113, probeReadKernelStr: 115,
  ringbufOutput: 130, ringbufReserve: 131, ringbufSubmit: 132, getFuncIp: 173, getAttachCookie: 174,
} as const;

/** Exit status of the commands, as the contract has it. */
export const exit = { done: 0, failed: 1, usage: 2, incomplete: 3, missingPrivilege: 4, interrupted: 130 } as const;

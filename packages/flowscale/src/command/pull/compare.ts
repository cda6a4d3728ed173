/** By code units: the same order on each machine. */
export const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

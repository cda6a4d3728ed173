/** Whether two names of an output differ at most by an extension, which some servers leave out in some answers. */
export function isSameOutput(one: string, other: string): boolean {
  const [short, long] = one.length < other.length ? [one, other] : [other, one]
  return long.startsWith(short) && /^\.[^.]+$/.test(long.slice(short.length))
}

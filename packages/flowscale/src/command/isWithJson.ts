/** Whether a program asks: known before the rest is read, as what is wrong with that is told in JSON, too. */
export function isWithJson(args: readonly string[]): boolean {
  const end = args.indexOf('--')
  return args.slice(0, end < 0 ? undefined : end).includes('--json')
}

/** Whether `--json` is there. Read before the other arguments, so that their errors are JSON, too. */
export function isWithJson(args: readonly string[]): boolean {
  const end = args.indexOf('--')
  return args.slice(0, end < 0 ? undefined : end).includes('--json')
}

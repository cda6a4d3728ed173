import { existsSync, readFileSync, writeFileSync } from 'node:fs'

/** Writes results as JSON, unless they differ from what is there in their seconds only. */
export function keepResults(file: string, results: readonly { seconds?: number }[]): void {
  const bare = (list: readonly { seconds?: number }[]) =>
    JSON.stringify(list.map(({ seconds: _, ...rest }) => rest))
  if (existsSync(file) && bare(JSON.parse(readFileSync(file, 'utf8'))) === bare(results)) return
  writeFileSync(file, `${JSON.stringify(results, null, 2)}\n`)
}

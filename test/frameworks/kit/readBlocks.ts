import { readFileSync } from 'node:fs'

const page = readFileSync(new URL('../../../docs/in-a-page.md', import.meta.url), 'utf8')

/** The blocks of docs/in-a-page.md by the file that each names in its first line. */
export const blocks: ReadonlyMap<string, string> = new Map(
  [...page.matchAll(/^```\w+\n(?:\/\/|<!--) (\S+)(?: -->)?\n([\s\S]*?)^```$/gm)].map(([block, file]) => [
    file!,
    block.replace(/^```\w+\n/, '').replace(/```$/, ''),
  ]),
)

/** How many blocks there are, with a file name or without one. */
export const blockCount: number = page.match(/^```\w+$/gm)?.length ?? 0

/** A block by its file's name. */
export function block(file: string): string {
  const text = blocks.get(file)
  if (text === undefined) throw new Error(`docs/in-a-page.md has no block ${file}`)
  return text
}

import { readFileSync } from 'node:fs'

/** A block of a page, by its label. */
export function blockOf(page: string, label: string): string {
  const [, code] =
    new RegExp(`^\`\`\`\\w+ ${label}\\n([\\s\\S]*?)^\`\`\``, 'm').exec(readFileSync(page, 'utf8')) ?? []
  if (!code) throw new Error(`${page} has no block ${label}`)
  return code
}

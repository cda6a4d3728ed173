import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

const kinds = /\.(?:md|tsx?|mjs|js)$/
const generated = /(?:^|\/)(?:node_modules|dist)\//

/** The path itself, or the Markdown and the sources in the folder and in its subfolders. */
export function listFiles(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path]
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter((file) => kinds.test(file) && !generated.test(file))
    .map((file) => join(path, file))
}

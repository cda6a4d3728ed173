import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

const kinds = /\.(?:md|tsx?|mjs|js)$/

/** The path itself, or what can be read in the folder and in its folders. */
export function listFiles(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path]
  return readdirSync(path, { withFileTypes: true }).flatMap((entry) => {
    if (entry.name === 'node_modules' || entry.name === 'dist') return []
    if (entry.isDirectory()) return listFiles(join(path, entry.name))
    return kinds.test(entry.name) ? [join(path, entry.name)] : []
  })
}

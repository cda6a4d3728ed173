import { rmSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { buildSync } from 'esbuild'

const made = new Map<string, string>()

/** A program of this repository as one file of JavaScript, which starts in a third of the time that tsx takes. */
export function bundled(program: string): string {
  const known = made.get(program)
  if (known) return known
  const file = resolve('.tmp', `${program.replaceAll('/', '-')}-${process.pid}.mjs`)
  buildSync({
    ...{ entryPoints: [program], outfile: file, bundle: true, format: 'esm', target: 'node20' },
    ...{ platform: 'node', packages: 'external', tsconfig: 'test/tsconfig.json', logLevel: 'error' },
    // What it reads beside its source.
    define: { 'import.meta.url': JSON.stringify(pathToFileURL(program).href) },
  })
  process.on('exit', () => rmSync(file, { force: true }))
  made.set(program, file)
  return file
}

// What `await import()` costs, each time in a fresh process.
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { runScript } from '../lib/child.ts'
import { median, round, type Section } from './figure.ts'
import { peerNames } from './peerNames.ts'

const entries = [
  '@flowscale/client',
  // Without the hooks, whose react is most of what they would read.
  ...['poller', 'websocket', 'logger', 'proxy', 'typed', 'events', 'store', 'node'].map(
    (name) => `@flowscale/client/${name}`,
  ),
  'flowscale',
]
const nameOf = (entry: string): string => `import of ${entry}`
const rounds = 25
/** Peers are slow to load, and their figures need no tenths of a ms. */
const peerRounds = 9

const emptyPackage = 'empty-package'

/** Installs the packages as in an app, without links of a workspace, next to the script. Gives an empty module. */
function install(folder: string): string {
  for (const [name, from] of [
    ['@flowscale/client', 'client'],
    ['flowscale', 'flowscale'],
  ] as const) {
    for (const part of ['package.json', 'dist']) {
      cpSync(join('packages', from, part), join(folder, 'node_modules', name, part), { recursive: true })
    }
  }
  const hollow = join(folder, 'node_modules', emptyPackage)
  mkdirSync(hollow)
  writeFileSync(join(hollow, 'package.json'), '{ "type": "module", "exports": { ".": "./index.js" } }')
  for (const script of ['import.mjs', 'measureImport.mjs']) {
    cpSync(join('scripts/bench/workers', script), join(folder, script))
  }
  const empty = join(folder, 'empty.mjs')
  for (const file of [empty, join(hollow, 'index.js')]) writeFileSync(file, 'export {}\n')
  return empty
}

export const imports: Section[] = [
  {
    name: 'imports',
    figures: entries.map(nameOf),
    async run(say) {
      say(`imports, ${rounds} rounds`)
      const folder = mkdtempSync(join(tmpdir(), 'flowscale-import-'))
      const empty = install(folder)
      const times = new Map<string, number[]>()
      const files = new Map<string, number>()
      const load = async (name: string, isCounted = false) => {
        const specifier = name === 'empty' ? pathToFileURL(empty).href : name
        const script = peerNames.includes(name) ? 'bench/peers/import.mjs' : join(folder, 'import.mjs')
        const result = await runScript<{ ms: number; files: number }>(
          script,
          specifier,
          ...(isCounted ? ['count'] : []),
        )
        if (isCounted) files.set(name, result.files)
        else times.set(name, [...(times.get(name) ?? []), result.ms])
      }
      try {
        const all = ['empty', emptyPackage, ...entries, ...peerNames]
        for (const name of all) await load(name, true)
        for (let index = 0; index < rounds; index++) {
          for (const name of all) if (index < peerRounds || !peerNames.includes(name)) await load(name)
        }
      } finally {
        rmSync(folder, { recursive: true })
      }
      const floor = median(times.get('empty')!)
      const peers = Object.fromEntries(peerNames.map((name) => [name, round(median(times.get(name)!))]))
      return entries.map((entry, index) => {
        const value = median(times.get(entry)!)
        return {
          name: nameOf(entry),
          unit: 'ms',
          value: round(value),
          floor: round(floor),
          peers: index ? {} : peers,
          beside: { files: files.get(entry)!, [emptyPackage]: round(median(times.get(emptyPackage)!)) },
          target: 'within 3 ms of an empty module',
          met: value - floor <= 3,
          note: 'The floor is an empty module, imported by its path. An empty package, imported by its name, is measured too.',
        }
      })
    },
  },
]

// What `await import()` costs, each time in a fresh process.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { runScript } from './child.ts'
import { median, round, type Section } from './figure.ts'
import { peerNames } from './peerNames.ts'

const entries = [
  '@flowscale/client',
  ...['poller', 'websocket', 'logger', 'proxy'].map((name) => `@flowscale/client/${name}`),
  'flowscale',
]
const nameOf = (entry: string): string => `import of ${entry}`
const rounds = 25
/** Peers are slow to load, and not what is to be shown to a tenth of a ms. */
const peerRounds = 9

export const imports: Section[] = [
  {
    name: 'imports',
    figures: entries.map(nameOf),
    async run(say) {
      say(`imports, ${rounds} rounds`)
      const folder = mkdtempSync(join(tmpdir(), 'flowscale-import-'))
      const empty = join(folder, 'empty.mjs')
      writeFileSync(empty, 'export {}\n')
      const times = new Map<string, number[]>()
      const files = new Map<string, number>()
      const load = async (name: string, isCounted = false) => {
        const specifier = name === 'empty' ? pathToFileURL(empty).href : name
        const script = peerNames.includes(name) ? 'peers/import.mjs' : 'workers/import.mjs'
        const result = await runScript<{ ms: number; files: number }>(
          script,
          specifier,
          ...(isCounted ? ['count'] : []),
        )
        if (isCounted) files.set(name, result.files)
        else times.set(name, [...(times.get(name) ?? []), result.ms])
      }
      try {
        const all = ['empty', ...entries, ...peerNames]
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
          beside: { files: files.get(entry)! },
          target: 'within 3 ms of an empty module',
          met: value - floor <= 3,
          note: 'the floor is the import of an empty module',
        }
      })
    },
  },
]

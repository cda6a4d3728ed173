// What a start costs, each time in a fresh process: `await import()`, and the command.
import { writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Case, key, runNode, withAnswers } from './kit.ts'
import { takeTurns } from './measure.mjs'

const peersFolder = 'scripts/bench/peers'
const peers = ['@fal-ai/client', 'axios', 'ky', 'ofetch', 'openai', 'openapi-fetch', 'replicate']
const entries = [
  '@flowscale/client',
  ...['poller', 'store', 'proxy', 'node'].map((name) => `@flowscale/client/${name}`),
  'flowscale',
]

const code = `
  const log = console.log
  console.log = () => {}
  const start = performance.now()
  await import(process.argv[1])
  log(performance.now() - start)
  process.exit()`

const rounds = (isShort: boolean) => ({ rounds: isShort ? 1 : 25 })

function importCase(entry: string): Case {
  const name = `import of ${entry}`
  return {
    part: 'imports',
    rows: [name],
    isVariant: entry.startsWith(`${entries[0]}/`),
    async run({ clones, isShort }) {
      const empty = 'flowscale-empty.mjs'
      writeFileSync(join(tmpdir(), empty), 'export {}\n')
      const folders: Record<string, string> = { floor: tmpdir(), ...clones }
      if (entry === entries[0]) for (const peer of peers) folders[peer] = peersFolder
      const measure = async (folder: string, who: string) => {
        const specifier = who === 'floor' ? `./${empty}` : who in clones ? entry : who
        return { ms: Number(await runNode(['--input-type=module', '-e', code, specifier], folder)) }
      }
      const { samples, missing } = await takeTurns(folders, measure, rounds(isShort))
      return [{ name, unit: 'ms', samples: samples.ms, floor: 'an empty module', missing }]
    },
  }
}

function commandCase(args: readonly string[], floor: string, script = '0'): Case {
  const name = `start of flowscale ${args.join(' ')}`
  return {
    part: 'command',
    rows: [name],
    run: ({ clones, isShort }) =>
      withAnswers(async (url) => {
        const server = args.includes('health') ? ['--url', url, '--api-key', key] : []
        const starts: Record<string, string[]> = { floor: ['-e', script, '--', ...server] }
        for (const [who, folder] of Object.entries(clones))
          starts[who] = [`${folder}/packages/flowscale/bin/flowscale.js`, ...args, ...server]
        const measure = async (start: string[]) => {
          const before = performance.now()
          await runNode(start)
          return { ms: performance.now() - before }
        }
        const { samples, missing } = await takeTurns(starts, measure, rounds(isShort))
        return [{ name, unit: 'ms', samples: samples.ms, floor, missing }]
      }),
  }
}

const fetchHealth = `fetch(process.argv[2] + '/api/v1/comfy/health', { headers: { 'x-api-key': process.argv[4] } })
  .then((answer) => answer.json()).then(console.log)`

export const starts: Case[] = [
  ...entries.map(importCase),
  commandCase(['--version'], 'node -e 0'),
  commandCase(['run', '--help'], 'node -e 0'),
  commandCase(['health'], 'node with a bare fetch', fetchHealth),
]

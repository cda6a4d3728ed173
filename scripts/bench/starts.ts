// What a start costs, each time in a fresh process: `await import()`, and the command.
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Case, key, ofClones, runNode, type Settings, withAnswers } from './kit.ts'
import { takeTurns } from './takeTurns.mjs'

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

const importIn = (node: string, folder: string, specifier: string) => async () => ({
  ms: Number(await runNode(node, ['--input-type=module', '-e', code, specifier], folder)),
})

/** Installs the packages of a clone as in an app, without links of a workspace, and an empty module. */
function install(folder: string): string {
  const app = mkdtempSync(join(tmpdir(), 'flowscale-import-'))
  for (const [name, from] of Object.entries({ '@flowscale/client': 'client', flowscale: 'flowscale' })) {
    for (const part of ['package.json', 'dist']) {
      cpSync(join(folder, 'packages', from, part), join(app, 'node_modules', name, part), { recursive: true })
    }
  }
  writeFileSync(join(app, 'empty.mjs'), 'export {}\n')
  return app
}

function importCase(entry: string): Case {
  const name = `import of ${entry}`
  return {
    part: 'imports',
    rows: [name],
    isVariant: entry.startsWith(`${entries[0]}/`),
    async run({ node, clones, isShort }) {
      const apps = Object.entries(clones).map(([who, folder]) => [who, install(folder)] as const)
      const contestants = {
        floor: importIn(node, apps[0]![1], './empty.mjs'),
        ...Object.fromEntries(apps.map(([who, app]) => [who, importIn(node, app, entry)])),
        ...Object.fromEntries(
          entry === entries[0] ? peers.map((peer) => [peer, importIn(node, peersFolder, peer)]) : [],
        ),
      }
      const { samples, missing } = await takeTurns(contestants, { rounds: isShort ? 1 : 25 })
      for (const [, app] of apps) rmSync(app, { recursive: true })
      return [{ name, unit: 'ms', samples: samples.ms, floor: 'an empty module', missing }]
    },
  }
}

function commandCase(args: readonly string[], floor: string, script = '0'): Case {
  const name = `start of flowscale ${args.join(' ')}`
  return {
    part: 'command',
    rows: [name],
    run: ({ node, clones, isShort }: Settings) =>
      withAnswers(async (url) => {
        const start = (begin: readonly string[]) => async () => {
          const at = performance.now()
          await runNode(node, [
            ...begin,
            ...(args.includes('health') ? ['--url', url, '--api-key', key] : []),
          ])
          return { ms: performance.now() - at }
        }
        const { samples, missing } = await takeTurns(
          {
            floor: start(['-e', script, '--']),
            ...ofClones(clones, (folder) =>
              start([`${folder}/packages/flowscale/bin/flowscale.js`, ...args]),
            ),
          },
          { rounds: isShort ? 1 : 25 },
        )
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

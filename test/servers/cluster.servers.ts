// A gateway before three ComfyUIs, one of its own and two by workers, all of them processes that are killed.
// `LONG=1` plays three seeds with 500 runs each; `SEED` is the first.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { assert, suite } from '#test'
import { freePort } from '../support/listen.ts'
import { createRandom } from '../support/random.ts'
import { type Started, startSmallComfy } from '../support/startProcess.ts'
import { playCluster, readLedger } from './cluster.ts'
import { lineOf } from './runs.ts'

const test = suite('a gateway, two workers and three ComfyUIs')
const first = Number(process.env.SEED ?? 1)
const { count, kills, seeds } = process.env.LONG
  ? { count: 500, kills: 15, seeds: 3 }
  : { count: 150, kills: 6, seeds: 1 }

for (const seed of Array.from({ length: seeds }, (_, index) => first + index)) {
  test(`kills, seed ${seed}`, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'cluster-'))
    const ledgers = [0, 1, 2].map((index) => join(folder, `ledger-${index}`))
    const servers = await Promise.all(
      ledgers.map(async (ledger, index) => {
        const place = ['--port', await freePort(), '--folder', join(folder, `${index}`), '--ledger', ledger]
        let comfy: Started
        const start = async () => {
          comfy = await startSmallComfy(...place)
        }
        await start()
        return { name: 'ComfyUI', url: comfy!.told.url as string, start, kill: () => comfy.kill() }
      }),
    )
    try {
      const played = await playCluster(
        {
          urls: servers.map(({ url }) => url),
          servers,
          executed: async () => ledgers.flatMap(readLedger),
        },
        {
          folder: join(folder, 'data'),
          workflow: 'tinted',
          count,
          groupId: `seed ${seed}`,
          random: createRandom(seed),
          kills,
          pauseMs: 1_000,
        },
      )
      const { figures, problems, links } = played
      const spread = ledgers.map((ledger) => readLedger(ledger).length)
      console.log(`[show] seed ${seed}: ${lineOf(figures)}; ${links} links, each of its own run`)
      console.log(
        `[show]   killed: ${JSON.stringify(played.kills)}; executed by server: ${spread.join(', ')}`,
      )
      if (problems.length) throw new Error(problems.join('\n'))
      assert.is(figures.refused, 0)
      // A run whose answer was lost may be there.
      assert.ok(figures.runs <= count && figures.runs >= count - figures.lost)
      assert.ok(figures.failed <= kills, `${figures.failed} failed`)
      assert.ok(spread.every((one) => one > 0))
    } finally {
      await Promise.all(servers.map((server) => server.kill()))
      rmSync(folder, { recursive: true, force: true })
    }
  })
}

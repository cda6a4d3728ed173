// Gateways, workers and three ComfyUIs, all of them processes that are killed. `LONG=1` plays more; `SEED` is the first.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { assert, suite } from '#test'
import { freePort } from '../support/listen.ts'
import { createRandom } from '../support/random.ts'
import { startSmallComfy } from '../support/startProcess.ts'
import { startRedis } from '../support/startRedis.ts'
import { mortal, playCluster, readLedger } from './cluster.ts'
import { lineOf } from './runs.ts'

interface Play {
  readonly seed: number
  /** One has a queue of its own and a ComfyUI, two have theirs in Redis. */
  readonly gateways: 1 | 2
  readonly workflows: readonly string[]
  readonly count: number
  readonly kills: number
  readonly killsRedis?: boolean
}

const test = suite('gateways, workers and three ComfyUIs')
const first = Number(process.env.SEED ?? 1)
const seeds = (count: number): number[] => Array.from({ length: count }, (_, index) => first + index)
const alone = { gateways: 1, workflows: ['tinted'] } as const
const both = { gateways: 2, workflows: ['tinted', 'plain'] } as const
const plays: Play[] = process.env.LONG
  ? [
      ...seeds(3).map((seed) => ({ ...alone, seed, count: 500, kills: 15 })),
      ...seeds(9).map((seed, at) => ({
        ...both,
        seed,
        count: 50,
        kills: at === 8 ? 16 : 12,
        killsRedis: at === 8,
      })),
    ]
  : [
      { ...alone, seed: first, count: 150, kills: 6 },
      { ...both, seed: first, count: 200, kills: 8, killsRedis: true },
    ]

for (const { seed, gateways, workflows, count, kills, killsRedis } of plays) {
  test(`${gateways} ${gateways > 1 ? 'gateways' : 'gateway'}, seed ${seed}`, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'cluster-'))
    const ledgers = [0, 1, 2].map((index) => join(folder, `ledger-${index}`))
    const servers = await Promise.all(
      ledgers.map(async (ledger, index) => {
        const port = await freePort()
        const place = ['--port', port, '--folder', join(folder, `${index}`), '--ledger', ledger]
        // One can't make each run.
        const without = gateways > 1 && index === 2 ? ['--without', 'TestSleep'] : []
        const server = mortal('ComfyUI', () => startSmallComfy(...place, ...without))
        await server.start()
        return { ...server, url: `http://127.0.0.1:${port}` }
      }),
    )
    const redisPort = await freePort()
    mkdirSync(join(folder, 'redis'))
    const redis = mortal('Redis', () => startRedis(redisPort, join(folder, 'redis')))
    if (gateways > 1) await redis.start()
    try {
      const played = await playCluster(
        {
          urls: servers.map(({ url }) => url),
          servers,
          executed: async () => ledgers.flatMap(readLedger),
          ...(gateways > 1 && { redis: { url: `redis://127.0.0.1:${redisPort}` } }),
          ...(killsRedis && { others: [redis] }),
        },
        {
          folder: join(folder, 'data'),
          workflows,
          count: count / workflows.length,
          groupId: `seed ${seed}`,
          random: createRandom(seed),
          kills,
          pauseMs: 1_000,
        },
      )
      const { figures, problems, links, runs } = played
      const spread = ledgers.map(readLedger)
      console.log(`[show] seed ${seed}: ${lineOf(figures)}; ${links} links, each of its own run`)
      console.log(
        `[show]   killed: ${JSON.stringify(played.kills)}; executed by server: ${spread.map(({ length }) => length).join(', ')}`,
      )
      if (problems.length) throw new Error(problems.join('\n'))
      // A run whose answer was lost may be there.
      assert.ok(figures.runs <= count && figures.runs >= count - figures.lost)
      assert.ok(figures.failed <= kills, `${figures.failed} failed`)
      assert.ok(spread.every(({ length }) => length > 0))
      if (gateways > 1)
        assert.equal(
          spread[2]!.filter((id) => runs.get('tinted')!.includes(id)),
          [],
        )
    } finally {
      await Promise.all(servers.map((server) => server.kill()))
      if (gateways > 1) await redis.kill()
      rmSync(folder, { recursive: true, force: true })
    }
  })
}

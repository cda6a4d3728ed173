// The process of webhooks is killed at its steps: each end is heard, and what is heard twice has one id. `LONG=1` kills it 200 times
// in each store.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { assert, suite } from '#test'
import { bundled } from '../support/bundled.ts'
import { freePort, listen } from '../support/listen.ts'
import { createRandom } from '../support/random.ts'
import { startRedis } from '../support/startRedis.ts'

const test = suite('webhooks of a process that is killed')
const KILLS = process.env.LONG === undefined ? 6 : 200
const RUNS = 12
/** A claim of the killed process has ended. */
const LATER = ['--import', 'data:text/javascript,const{now}=Date;Date.now=()=>now()+65000']

interface Ended {
  readonly id: string
  readonly status: string
  readonly attempts: number
}

/** Gives what the process prints; `undefined` if it was killed. */
async function start(place: readonly string[], count: number, nodeFlags: readonly string[] = []) {
  const args = [...nodeFlags, bundled('test/servers/webhooks/child.ts'), ...place, `${count}`]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let said = ''
  child.stdout.on('data', (text) => (said += text))
  const [code, signal] = await once(child, 'close')
  if (signal === 'SIGKILL') return undefined
  assert.is(code, 0)
  return JSON.parse(said) as Ended[]
}

/** `steps`: about how many a process makes. `others`: processes beside the one that is killed */
async function killAtSteps(steps: number, redis: string | undefined, others: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'webhooks-'))
  const heard = new Map<string, number>()
  const receiver = await listen((request, response) => {
    const id = `${request.headers['webhook-id']}`
    heard.set(id, (heard.get(id) ?? 0) + 1)
    request.resume().on('end', () => response.writeHead(204).end())
  })
  const total = { kills: 0, runs: 0, heardAfterKill: 0, twice: 0, lost: 0 }
  async function play(seed: number): Promise<void> {
    const n = 1 + Math.floor(createRandom(seed)() * steps)
    const place = [join(folder, `${seed}`), redis ?? '', `p${seed}`, receiver.url]
    const preload = pathToFileURL(resolve('test/servers/killAt.mjs'))
    preload.search = `n=${n}`
    const beside = Array.from({ length: others }, () => start(place, RUNS))
    const first = await start(place, RUNS, ['--import', preload.href])
    const before = new Set(heard.keys())
    const last = await start(place, 0, LATER)
    await Promise.all(beside)
    if (!first) total.kills++
    for (const { id, status } of last!) {
      const times = heard.get(`msg_${id}`) ?? 0
      total.runs++
      if (!first && !before.has(`msg_${id}`)) total.heardAfterKill++
      if (times > 1) total.twice++
      if (times === 0 || status !== 'delivered') total.lost++
    }
  }
  let seed = 0
  const lane = async () => {
    while (total.kills < KILLS && seed < 3 * KILLS) await play(++seed)
  }
  try {
    await Promise.all([lane(), lane(), lane()])
  } finally {
    await receiver.close()
    rmSync(folder, { recursive: true, force: true })
  }
  console.log(`[show] ${JSON.stringify(total)}, different ids heard: ${heard.size}`)
  assert.equal([total.lost, total.runs], [0, heard.size])
  assert.ok(total.kills >= KILLS)
}

test('in a folder', () => killAtSteps(50, undefined, 0))

for (const others of [0, 1])
  test(`in Redis, with ${others} others beside it`, async () => {
    const port = await freePort()
    const folder = mkdtempSync(join(tmpdir(), 'redis-'))
    const redis = await startRedis(port, folder)
    try {
      await killAtSteps(150, `redis://127.0.0.1:${port}`, others)
    } finally {
      await redis.kill()
      rmSync(folder, { recursive: true })
    }
  })

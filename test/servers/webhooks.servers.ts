// The process of webhooks is killed at its steps: each end is heard, and what is heard twice has one id. `LONG=1` kills it 200 times
// in each store. Gateways with one Redis sign alike.
import { execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { verifyWebhook } from '@flowscale/client/webhook'
import { assert, suite } from '#test'
import { startComfy } from '../comfyui/server/startComfy.ts'
import { bundled } from '../support/bundled.ts'
import { freePort, listen } from '../support/listen.ts'
import { createRandom } from '../support/random.ts'
import { receiveWebhooks } from '../support/receiveWebhooks.ts'
import { type Started, startGateway } from '../support/startProcess.ts'
import { startRedis } from '../support/startRedis.ts'
import { until } from '../support/until.ts'

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

test('gateways with --redis and --keys alone sign alike, with the secret that the command prints', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'alike-'))
  const redis = await startRedis(await freePort(), folder)
  const url = `redis://127.0.0.1:${redis.child.spawnargs[2]}`
  const comfy = await startComfy({ version: '0.8.0', speed: 100 })
  const { received, ...receiver } = await receiveWebhooks()
  const [key, keys] = ['key-of-the-shop', join(folder, 'keys.json')]
  const sha256 = createHash('sha256').update(key).digest('hex')
  writeFileSync(keys, JSON.stringify([{ name: 'shop', sha256 }]), { mode: 0o600 })
  const secretOf = (...args: string[]) =>
    execFileSync(process.execPath, ['packages/gateway/bin/flowscale-gateway.js', 'secret', ...args], {
      encoding: 'utf8',
    }).trim()
  const flags = ['--port', '0', '--redis', url, '--data', folder, '--keys', keys]
  flags.push('--webhook', `${receiver.url}/all`, '--webhook-hosts', new URL(receiver.url).host)
  const open = () => startGateway(comfy.url, 'test/servers/cluster', flags)
  const gateways: Started[] = []
  try {
    gateways.push(...(await Promise.all([open(), open()])))
    for (const [at, { told, stop }] of gateways.entries()) {
      const hook = encodeURIComponent(`${receiver.url}/mine`)
      const path = `/api/v1/runs?workflow_id=plain&webhook_url=${hook}`
      const answer = await fetch(told.url + path, {
        ...{ method: 'POST', headers: { 'x-api-key': key } },
        body: new URLSearchParams({ color: '5' }),
      })
      assert.is(answer.status, 200, await answer.text())
      await until(() => received.length === 2 * (at + 1))
      // The other gateway sends the next one.
      await stop()
    }
    const secrets = {
      '/mine': secretOf('shop', '--redis', url),
      '/all': secretOf('--webhook', '--redis', url),
    }
    for (const one of received) {
      const { data } = await verifyWebhook(one, secrets[one.url as keyof typeof secrets])
      assert.is(data.status, 'completed')
    }
  } finally {
    for (const { kill } of gateways) await kill()
    await receiver.close()
    await comfy.stop()
    await redis.kill()
    rmSync(folder, { recursive: true })
  }
})

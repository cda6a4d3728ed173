// examples/proxy-node.mjs as it is, before a local FlowScale.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { type Client, createClient, getQueue, getRun, HttpError } from '@flowscale/client'
import { executeWorkflowAsync } from '@flowscale/client/poller'
import { assert, suite } from '#test'
import { CANARY } from '../support/canary.ts'
import { rejection } from '../support/fakes.ts'
import { startCli } from '../support/startProcess.ts'

const test = suite('examples/proxy-node.mjs')
let pod: Awaited<ReturnType<typeof startCli>>
let child: ReturnType<typeof spawn>
let url = ''
let said = ''

test.before(async () => {
  pod = await startCli('emulator', '--speed', '50', '--api-key', CANARY)
  const env = {
    ...process.env,
    FLOWSCALE_API_URL: pod.url,
    FLOWSCALE_API_KEY: CANARY,
    USERS: 'ada:token-of-ada,bob:token-of-bob',
    PORT: '0',
  }
  child = spawn(process.execPath, ['examples/proxy-node.mjs'], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  for (const stream of [child.stdout!, child.stderr!]) stream.on('data', (chunk) => (said += chunk))
  ;[url] = await once(createInterface({ input: child.stdout! }), 'line')
})
test.after(async () => {
  const ended = once(child, 'exit')
  child.kill()
  await ended
  await pod.stop()
})

const as = (headers: Record<string, string>): Client =>
  createClient({ baseUrl: `${url}/api/flowscale`, headers, maxRetries: 0 })
const run = (client: Client) =>
  executeWorkflowAsync(client, 'bncu0a1kipv', { text_51536: 'a pond' }, { pollIntervalMs: 20 })
const status = async (promise: Promise<unknown>) => {
  const error = await rejection(promise)
  assert.instance(error, HttpError)
  return error.status
}

test('by a token, by a cookie, and not without', async () => {
  const ada = as({ authorization: 'Bearer token-of-ada' })
  const { runId, outputs } = await run(ada)
  assert.is((await fetch(outputs[0]!.download_url!)).headers.get('content-type'), 'image/png')

  const login = await fetch(`${url}/login`, { method: 'POST', body: 'token-of-bob' })
  assert.is(login.status, 200)
  const bob = as({ cookie: login.headers.get('set-cookie')!.split(';')[0]! })
  assert.is((await getRun(bob, (await run(bob)).runId)).data.status, 'completed')

  assert.is(await status(getRun(bob, runId)), 404)
  assert.is(await status(getQueue(ada)), 403)
  assert.is(await status(run(as({}))), 401)
  assert.is(await status(run(as({ authorization: 'Bearer undefined' }))), 401)
  assert.is(await status(run(as({ cookie: 'session=undefined' }))), 401)
  assert.is((await fetch(`${url}/login`, { method: 'POST', body: '' })).status, 401)
  assert.is((await fetch(`${url}/etc/passwd`)).status, 404)
  assert.not.ok(said.includes(CANARY), 'the key in its log')
})

// examples/proxy-node.mjs as it is, before a local FlowScale.
import { type Client, createClient, getQueue, getRun, HttpError } from '@flowscale/client'
import { executeWorkflowAsync } from '@flowscale/client/poller'
import { assert, rejects, suite } from '#test'
import { assertNoCanary, CANARY } from '../support/canary.ts'
import { type Started, startCli, startProgram } from '../support/startCli.ts'

const test = suite('examples/proxy-node.mjs')
let pod: Awaited<ReturnType<typeof startCli>>
let proxy: Started
let url = ''

test.before(async () => {
  pod = await startCli('emulator', '--speed', '50', '--api-key', CANARY)
  const USERS = 'ada:token-of-ada,bob:token-of-bob'
  const env = { FLOWSCALE_API_URL: pod.url, FLOWSCALE_API_KEY: CANARY, USERS, PORT: '0' }
  proxy = startProgram(process.execPath, ['examples/proxy-node.mjs'], { env })
  url = (await proxy.printed(/\n/)).trim()
})
test.after(async () => {
  proxy.child.kill()
  const { stdout, stderr } = await proxy.ended
  await pod.stop()
  assertNoCanary(stdout + stderr, 'its log')
})

const as = (headers: Record<string, string>): Client =>
  createClient({ baseUrl: `${url}/api/flowscale`, headers, maxRetries: 0 })
const run = (client: Client) =>
  executeWorkflowAsync(client, 'bncu0a1kipv', { text_51536: 'a pond' }, { pollIntervalMs: 20 })

test('by a token, by a cookie, and not without', async () => {
  const ada = as({ authorization: 'Bearer token-of-ada' })
  const { runId, outputs } = await run(ada)
  assert.is((await fetch(outputs[0]!.download_url!)).headers.get('content-type'), 'image/png')

  const login = await fetch(`${url}/login`, { method: 'POST', body: 'token-of-bob' })
  assert.is(login.status, 200)
  const bob = as({ cookie: login.headers.get('set-cookie')!.split(';')[0]! })
  assert.is((await getRun(bob, (await run(bob)).runId)).data.status, 'completed')

  await rejects(getRun(bob, runId), HttpError, { status: 404 })
  await rejects(getQueue(ada), HttpError, { status: 403 })
  await rejects(run(as({})), HttpError, { status: 401 })
  await rejects(run(as({ authorization: 'Bearer undefined' })), HttpError, { status: 401 })
  await rejects(run(as({ cookie: 'session=undefined' })), HttpError, { status: 401 })
  assert.is((await fetch(`${url}/login`, { method: 'POST', body: '' })).status, 401)
  assert.is((await fetch(`${url}/etc/passwd`)).status, 404)
})

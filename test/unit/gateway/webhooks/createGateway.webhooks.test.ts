// A gateway with a queue before a small ComfyUI, which sends webhooks to a server on this machine.

import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Client, createClient, executeWorkflow, getRun } from '@flowscale/client'
import { verifyWebhook, type WebhookEvent, withWebhook } from '@flowscale/client/webhook'
import { comfyui, createGateway, type GatewayOptions } from '@flowscale/gateway'
import { folderQueue, serve } from '@flowscale/gateway/node'
import { assert, throws } from '#test'
import { logged } from '../../../../packages/gateway/src/command/print.ts'
import { OPERATOR, secretsFor } from '../../../../packages/gateway/src/webhooks/sign.ts'
import { startComfy } from '../../../comfyui/server/startComfy.ts'
import { CANARY } from '../../../support/canary.ts'
import { receiveWebhooks } from '../../../support/receiveWebhooks.ts'
import { suiteWithServers } from '../../../support/suiteWithServers.ts'
import { until } from '../../../support/until.ts'
import { files } from '../comfyui/kit.ts'

const test = suiteWithServers('webhooks of a gateway')
const TOKEN = 'token-in-an-address'
const KEY = 'key-of-a-named-owner'
const hashOf = (key: string) => createHash('sha256').update(key).digest('hex')

/** Opens a gateway whose ComfyUI performs runs, and a receiver that answers with these statuses, the last one again and again. */
async function open(
  { listen, atEnd }: Parameters<Parameters<typeof test>[1]>[0],
  options: Partial<GatewayOptions> = {},
  statuses = [204],
) {
  const comfy = await startComfy({ version: '0.8.0' })
  const folder = mkdtempSync(join(tmpdir(), 'webhooks-'))
  const { received: heard, ...receiver } = await receiveWebhooks(listen, statuses)
  const lines: string[] = []
  const log = (line: string) => void lines.push(line)
  const gateway = createGateway({
    engine: comfyui({ urls: [comfy.url] }),
    queue: folderQueue({ folder }),
    workflows: files,
    apiKey: CANARY,
    webhookHosts: [new URL(receiver.url).host],
    logger: { info: log, warn: log, error: log, debug: log },
    ...options,
  })
  const served = await serve(logged(gateway, log))
  atEnd(async () => {
    await served.close()
    await gateway.close()
    await comfy.stop()
    rmSync(folder, { recursive: true, force: true })
  })
  const send = (path: string, key = CANARY, init: RequestInit = {}) =>
    fetch(`${served.url}/api/v1/${path}`, {
      method: 'POST',
      ...init,
      headers: { 'x-api-key': key, ...init.headers },
    })
  return {
    ...{ gateway, heard, lines, folder, served, send },
    client: createClient({ baseUrl: served.url, apiKey: CANARY }),
    hook: `${receiver.url}/hook?token=${TOKEN}`,
    /** Submits a run with this webhook, and gives its id. */
    async submit(hook: string, { key = CANARY, workflow = 'slow' } = {}): Promise<string> {
      const path = `runs?workflow_id=${workflow}&group_id=g&webhook_url=${encodeURIComponent(hook)}`
      const answer = await send(path, key, { body: new URLSearchParams({ seconds: '0.01' }) })
      assert.is(answer.status, 200, await answer.clone().text())
      return (await answer.json()).data.run_id
    },
  }
}

const webhookOf = async (client: Client, id: string) => ((await getRun(client, id)).data as any).webhook

test('a run’s end is heard, signed, with links; no answer, log line or file of the gateway’s shows the address', async (servers) => {
  const { client, submit, heard, hook, lines, send, served } = await open(servers)
  const id = await submit(hook)
  await until(
    () => webhookOf(client, id),
    (webhook) => webhook?.status === 'delivered',
  )
  assert.is(heard.length, 1)
  const [secret] = await secretsFor(CANARY, { key: undefined })
  const { type, timestamp, data } = await verifyWebhook(heard[0]!, secret!)
  const { _id, status, workflow_id, group_id, outputs_total, outputs } = data
  assert.equal([_id, status, workflow_id, group_id, outputs_total], [id, 'completed', 'slow', 'g', 1])
  assert.equal([type, timestamp, 'inputs' in data], ['run.completed', data.completed_at, false])
  const link = outputs[0]!.url!
  assert.equal([link.startsWith(served.url), (await fetch(link)).status], [true, 200])
  assert.equal(await webhookOf(client, id), { status: 'delivered', attempts: 1, last_status: 204 })

  // An address that is not encoded.
  const plain = await send(`runs?workflow_id=slow&webhook_url=${hook}`, CANARY, {
    body: new URLSearchParams({ seconds: '0.01' }),
  })
  assert.is(plain.status, 200)
  await until(() => heard.length === 2)
  const again = await send(`runs/${id}/webhook/resend`)
  assert.is(again.status, 200)
  await until(() => heard.length === 3)
  assert.is(heard[2]!.headers['webhook-id'], heard[0]!.headers['webhook-id'])
  const shown = [...lines, await (await send(`runs/${id}`, CANARY, { method: 'GET' })).text()]
  shown.push(await (await send('runs?group_id=g', CANARY, { method: 'GET' })).text(), heard[0]!.body)
  for (const text of shown) assert.not.match(text, TOKEN)
  assert.ok(lines.some((line) => line.includes('webhook_url=…')))
})

test('the client names the address', async (servers) => {
  const { client, heard, hook } = await open(servers)
  const { data } = await executeWorkflow(withWebhook(client, hook), 'slow', { seconds: 0.01 })
  await until(() => heard.length === 1)
  assert.equal([heard[0]!.url, JSON.parse(heard[0]!.body).data._id], [`/hook?token=${TOKEN}`, data.run_id])
})

test('failed and cancelled runs are heard, too, and a resend has its refusals', async (servers) => {
  const { submit, heard, hook, send } = await open(servers)
  const failed = await submit(hook, { workflow: 'failing' })
  await until(() => heard.length === 1)
  const slow = (
    await (
      await send(`runs?workflow_id=slow&webhook_url=${encodeURIComponent(hook)}`, CANARY, {
        body: new URLSearchParams({ seconds: '600' }),
      })
    ).json()
  ).data.run_id
  assert.is((await send(`runs/${slow}/webhook/resend`)).status, 409)
  await send(`runs/${slow}/cancel`)
  await until(() => heard.length === 2)
  const events = heard.map(({ body }) => JSON.parse(body) as WebhookEvent)
  assert.equal(
    events.map(({ type, data }) => [type, data._id]),
    [
      ['run.failed', failed],
      ['run.cancelled', slow],
    ],
  )
  assert.ok(events[0]!.data.error)
  const none = (
    await (
      await send('runs?workflow_id=slow', CANARY, { body: new URLSearchParams({ seconds: '600' }) })
    ).json()
  ).data.run_id
  await send(`runs/${none}/cancel`)
  assert.is((await send(`runs/${none}/webhook/resend`)).status, 409)
  assert.is((await send(`runs/${crypto.randomUUID()}/webhook/resend`)).status, 404)
})

test('the operator hears of all runs, and each key has a secret of its own', async (servers) => {
  const rotated = [
    { value: `whsec_${'a'.repeat(43)}=` },
    { value: `whsec_${'b'.repeat(43)}=`, until: '2099-01-01T00:00:00Z' },
  ]
  const gone = { value: `whsec_${'c'.repeat(43)}=`, until: '2020-01-01T00:00:00Z' }
  const { received: seen, ...watcher } = await receiveWebhooks(servers.listen)
  const all = `${watcher.url}/all?token=${TOKEN}`
  const site = await open(servers, {
    webhook: all,
    keys: [
      { name: 'shop', sha256: hashOf(KEY) },
      { name: 'blog', sha256: hashOf(`${KEY}-2`), webhookSecrets: [...rotated, gone] },
    ],
    webhookHosts: [new URL(watcher.url).host],
  })
  const ids: string[] = []
  for (const key of [CANARY, KEY, `${KEY}-2`]) ids.push(await site.submit(all, { key }))
  await until(() => seen.length === 6)
  const [ofAll] = await secretsFor(CANARY, OPERATOR)
  const secrets = [
    ...(await secretsFor(CANARY, { key: undefined })),
    ...(await secretsFor(CANARY, { key: 'shop' })),
    rotated[0]!.value,
  ]
  assert.is(new Set([...secrets, ofAll]).size, 4)
  for (const [at, id] of ids.entries()) {
    const [own, operators] = [`msg_${id}`, `msg_${id}_operator`].map((name) =>
      seen.find(({ headers }) => headers['webhook-id'] === name),
    )
    assert.is((await verifyWebhook(own!, secrets[at]!)).data._id, id)
    assert.is((await verifyWebhook(operators!, ofAll!)).data._id, id)
    assert.is(own!.headers['webhook-signature']!.split(' ').length, at === 2 ? 2 : 1)
  }
  // Others' runs are as if there were none.
  assert.is((await site.send(`runs/${ids[1]}/webhook/resend`, `${KEY}-2`)).status, 404)
  assert.is((await site.send(`runs/${ids[1]}/webhook/resend`, KEY)).status, 200)
})

test('a webhook that can’t be sent is refused before the body is read, and by options that don’t go together', async (servers) => {
  const { send, submit, hook } = await open(servers)
  for (const [url, about] of [
    ['ftp://example.com', 'must be an address'],
    ['http://example.com', 'must begin with https:'],
    ['https://127.0.0.1/hook', 'private address'],
    ['https://2130706433/', 'private address'],
    ['https://me:secret@example.com', 'user name'],
  ] as const) {
    const answer = await send(`workflows/slow/runs?webhook_url=${encodeURIComponent(url)}`, CANARY, {
      body: 'no form',
    })
    assert.is(answer.status, 422, url)
    assert.match(await answer.text(), about)
  }
  const engine = comfyui({ url: 'http://127.0.0.1:9' })
  const single = createGateway({ engine, workflows: files, apiKey: CANARY })
  servers.atEnd(() => single.close())
  const path = `/api/v1/runs?workflow_id=slow&webhook_url=${encodeURIComponent('https://example.com')}`
  const refused = await single.fetch(single.url + path, { method: 'POST', headers: { 'x-api-key': CANARY } })
  assert.equal([refused.status, (await refused.text()).includes('gateways with a queue')], [422, true])
  const short = mkdtempSync(join(tmpdir(), 'webhooks-'))
  const queue = folderQueue({ folder: short, keepDays: 2 })
  const base = { engine, workflows: files, apiKey: CANARY }
  throws(() => createGateway({ ...base, webhook: 'https://example.com' }), TypeError)
  throws(() => createGateway({ ...base, queue, webhook: 'https://example.com' }), TypeError)
  const other = folderQueue({ folder: short })
  throws(() => createGateway({ ...base, queue: other, webhook: 'http://example.com' }), TypeError)
  throws(() => createGateway({ ...base, queue, webhookHosts: ['http://a'] }), TypeError)
  rmSync(short, { recursive: true })
  // The address is part of a submission.
  const key = { 'idempotency-key': 'k' }
  const post = (url: string) =>
    send(`runs?workflow_id=slow&webhook_url=${encodeURIComponent(url)}`, CANARY, {
      headers: key,
      body: new URLSearchParams({ seconds: '0.01' }),
    })
  assert.equal(
    [(await post(hook)).status, (await post(hook)).status, (await post(`${hook}2`)).status],
    [200, 200, 422],
  )
  await submit(hook)
})

import { verifyWebhook, WebhookError } from '@flowscale/client/webhook'
import type { EmulatorOptions, FaultKind } from '@flowscale/emulator'
import { assert, rejects, said, suite } from '#test'
import { listen } from '../../../support/listen.ts'
import { until } from '../../../support/until.ts'
import { type Api, DIALECTS, form, gates, open, TRANSPORTS, type Transport } from '../kit.ts'

const test = suite('webhooks of the emulator')
/** The docs have it, too: it signs for the key `fsk_local_demo_key`. */
const SECRET = 'whsec_4cD21tH+llcavav0ivweXsX+j9lTtDwp3/VbiAI/3Yw='
const HOOK = 'https://app.example.com/hook?token=1'
const WRITER = 't3xtwr1ter00'
let api: Api

test.after.each(() => api.close())

/** An emulator, and the requests that its hook was given. The hook answers with `statuses`, and throws at a 0. */
async function hear(options: EmulatorOptions = {}, statuses: number[] = [], transport?: Transport) {
  const heard: Request[] = []
  const onWebhook = (request: Request): Response => {
    const status = statuses[heard.push(request) - 1] ?? 200
    if (status === 0) throw new Error('the handler crashed')
    return new Response(null, { status })
  }
  api = await open(transport ?? 'emulator.fetch', { onWebhook, ...options })
  return heard
}

const submit = (workflow: string, hook = HOOK) =>
  api.post(
    `/api/v1/runs?workflow_id=${workflow}&webhook_url=${encodeURIComponent(hook)}`,
    form(workflow === WRITER ? { prompt: 'x' } : {}),
  )

async function run(workflow = WRITER, hook?: string): Promise<string> {
  const { body } = await submit(workflow, hook)
  return [body.data].flat()[0].run_id
}

const settled = (id: string, attempts = 1) =>
  until(
    async () => (await api.state(id)).webhook,
    (webhook) => webhook?.attempts === attempts && webhook.status !== 'pending',
  )
const resend = (id: string) => api.post(`/api/v1/runs/${id}/webhook/resend`)

for (const dialect of DIALECTS) {
  test(`${dialect}: a signed event, whose links work, and the state of the delivery`, async () => {
    const heard = await hear({ dialect })
    const id = await run()
    assert.equal(await settled(id), { status: 'delivered', attempts: 1, last_status: 200 })
    assert.equal([heard.length, heard[0]!.url, heard[0]!.method], [1, HOOK, 'POST'])
    const { type, data } = await verifyWebhook(heard[0]!, SECRET)
    assert.equal([type, data._id, data.outputs_total, data.inputs], ['run.completed', id, 1, undefined])
    assert.is((await api.fetch(data.outputs[0]!.url!)).status, 200)
    assert.not.match(JSON.stringify(await api.state(id)), 'token')
  })
}

test('a failed and a cancelled run have their events; the end of the emulator has none', async () => {
  const { workflow, begun } = gates()
  const heard = await hear({ workflows: [workflow] })
  await settled(await run('fa1lsa1ways0'))
  const cancelled = await run('gate')
  await until(() => begun.length === 1)
  assert.is((await resend(cancelled)).status, 409)
  await api.post(`/api/v1/runs/${cancelled}/cancel`)
  await settled(cancelled)
  const types = heard.map(async (request) => (await verifyWebhook(request, SECRET)).type)
  assert.equal((await Promise.all(types)).sort(), ['run.cancelled', 'run.failed'])
  const open = await run('gate')
  await until(() => begun.length === 2)
  api.emulator.close()
  assert.is((await api.state(open)).webhook, undefined)
})

test('what fails is not sent again, until a resend with the same id', async () => {
  const heard = await hear({}, [302, 0, 500, 204])
  for (const last_status of [302, null, 500]) {
    const id = await run()
    assert.equal(await settled(id), { status: 'failed', attempts: 1, last_status })
  }
  const [, , { runId: id }] = api.emulator.ledger.runs as any
  assert.is((await resend(id)).status, 200)
  await until(() => heard.length === 4)
  assert.equal(await settled(id), { status: 'delivered', attempts: 1, last_status: 204 })
  assert.is(heard[3]!.headers.get('webhook-id'), heard[2]!.headers.get('webhook-id'))
  const other = await api.run(WRITER, { prompt: 'x' })
  await until(async () => (await api.state(other)).status === 'completed')
  assert.equal([(await resend(other)).status, (await resend('none')).status], [409, 404])
})

for (const transport of TRANSPORTS) {
  test(`${transport}: without a hook, only servers of this machine hear`, async () => {
    const heard: { headers: any; body: string }[] = []
    const receiver = await listen(async (request, response) => {
      let body = ''
      for await (const chunk of request) body += chunk
      heard.push({ headers: request.headers, body })
      response.writeHead(204).end()
    })
    try {
      await hear({ onWebhook: undefined }, [], transport)
      const id = await run(undefined, receiver.url)
      assert.equal(await settled(id), { status: 'delivered', attempts: 1, last_status: 204 })
      const { data } = await verifyWebhook(heard[0]!, SECRET)
      assert.is((await api.fetch(data.outputs[0]!.url!)).status, 200)
      for (const hook of ['hook', 'ftp://127.0.0.1', 'http://a@127.0.0.1', HOOK, 'http://127.0.0.1.a.test']) {
        const { status, body } = await submit(WRITER, hook)
        assert.is(status, 422, hook)
        said(body.errors[0])
      }
    } finally {
      await receiver.close()
    }
  })
}

/** The numbers of the runs whose events came, in their order, if the first delivery meets the fault. */
async function spoiled(kind: FaultKind, count: number): Promise<{ order: number[]; heard: Request[] }> {
  const plan = ({ operation, number }: { operation: string; number: number }) =>
    operation === 'webhook' && number === 1 ? kind : undefined
  const heard = await hear({ faults: { plan } })
  const ids = [await run()]
  await until(async () => (await api.state(ids[0]!)).webhook)
  ids.push(await run())
  await until(() => heard.length === count)
  assert.equal(api.emulator.ledger.faults, { [kind]: 1 })
  return { order: heard.map(({ headers }) => ids.indexOf(headers.get('webhook-id')!.slice(4))), heard }
}

test('faults: late, twice, out of order, forged', async () => {
  const { setTimeout } = globalThis
  const late: (() => void)[] = []
  // Those of a second fire only when the test says so.
  globalThis.setTimeout = ((callback: () => void, ms?: number) =>
    ms === 1000 ? late.push(callback) : setTimeout(callback, ms)) as typeof setTimeout
  try {
    assert.equal((await spoiled('webhook-reordered', 2)).order, [1, 0])
    await api.close()
    const { order, heard } = await spoiled('webhook-late', 1)
    assert.equal(order, [1])
    late.at(-1)!()
    await until(() => heard.length === 2)
    await api.close()
    const twice = await spoiled('webhook-duplicate', 3)
    assert.equal(twice.order.sort(), [0, 0, 1])
    await api.close()
    const forged = await spoiled('webhook-forged', 2)
    const [wrong, right] = forged.order[0] === 0 ? forged.heard : forged.heard.reverse()
    await rejects(verifyWebhook(wrong!, SECRET), WebhookError, {})
    assert.is((await verifyWebhook(right!, SECRET)).type, 'run.completed')
  } finally {
    globalThis.setTimeout = setTimeout
  }
})

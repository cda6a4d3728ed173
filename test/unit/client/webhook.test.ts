import { createHmac } from 'node:crypto'
import { ArgumentError } from '@flowscale/client'
import { verifyWebhook, WebhookError } from '@flowscale/client/webhook'
import { assert, rejects } from '#test'
import { suiteWithClock } from '../../support/suiteWithClock.ts'

const test = suiteWithClock('verifyWebhook')

const secretOf = (byte: number, length = 32) => `whsec_${Buffer.alloc(length, byte).toString('base64')}`
const [secret, other] = [secretOf(1), secretOf(2)]
const event = { type: 'run.completed', timestamp: '2025-06-15T15:06:40Z', data: { _id: 'r-1', text: 'é…' } }
const text = JSON.stringify(event)

/** By Node's own crypto. */
function sign(secret: string, time: unknown = Date.now() / 1000): string {
  const hmac = createHmac('sha256', Buffer.from(secret.slice(6), 'base64'))
  return `v1,${hmac.update(`msg_1.${time}.${text}`).digest('base64')}`
}
const headersOf = (signature = sign(secret), time: unknown = Date.now() / 1000) => ({
  'webhook-id': 'msg_1',
  'webhook-timestamp': String(time),
  'webhook-signature': signature,
})
const requestOf = (headers: object, body: string | Uint8Array<ArrayBuffer> = text) =>
  new Request('http://app.test/hook', { method: 'POST', headers: { ...headers }, body })

test('takes the request, or headers and a raw body, in each form of both', async () => {
  const headers = headersOf()
  const bytes = new TextEncoder().encode(text)
  const lists = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]]))
  const ways = [
    ...[requestOf(headers), requestOf(headers, bytes)],
    ...[text, bytes, bytes.buffer, Buffer.from(` ${text}`).subarray(1)].map((body) => ({ headers, body })),
    ...[{ get: 'a header', ...lists }, new Headers(headers)].map((headers) => ({ headers, body: text })),
  ]
  for (const way of ways) assert.equal(await verifyWebhook(way, secret), event)
})

test('a rotation: one of the signatures fits one of the secrets', async () => {
  const [one, two] = [sign(secret), sign(other)]
  for (const [signature, secrets] of [
    [`${two} ${one}`, secret],
    [`v1a,AAAA v2,BBBB v1,short ${one}`, [secret]],
    [`${one}, ${two}`, [secretOf(3), other]],
    [one, `${secret},${other}`],
    [sign(secretOf(5, 24)), secretOf(5, 24)],
    [sign(secretOf(5, 64)), secretOf(5, 64)],
  ] as const)
    assert.equal(await verifyWebhook({ headers: headersOf(signature), body: text }, secrets), event)
})

test('the time: 5 minutes either way, or toleranceMs', async () => {
  for (const [seconds, toleranceMs, isTaken] of [
    ...[[-300, undefined, true] as const, [300, undefined, true] as const, [-3600, Infinity, true] as const],
    ...[[-301, undefined] as const, [301, undefined] as const, [-1, 999] as const, [0, Number.NaN] as const],
  ]) {
    const time = Date.now() / 1000 + seconds
    const request = { headers: headersOf(sign(secret, time), time), body: text }
    const asked = verifyWebhook(request, secret, { toleranceMs })
    if (isTaken) assert.equal(await asked, event)
    else await rejects(asked, WebhookError, { code: 'ERR_FLOWSCALE_WEBHOOK' })
  }
})

test('anything else is refused', async () => {
  const right = headersOf()
  const { 'webhook-id': _, ...noId } = right
  const many = `${`v1,${'A'.repeat(43)}= `.repeat(9)}${sign(secret)}`
  const signatures = [sign(other), '', 'v1,', sign(secret).slice(3), sign(secret).toLowerCase(), many]
  for (const [headers, body] of [
    ...[`${text}\n`, JSON.stringify(event, null, 1), ''].map((body) => [right, body] as const),
    ...[{}, noId, { ...right, 'webhook-id': 'msg_2' }].map((headers) => [headers, text] as const),
    ...[Date.now() / 1000 - 1, 'soon', ''].map((time) => [headersOf(sign(secret), time), text] as const),
    ...signatures.map((signature) => [headersOf(signature), text] as const),
  ]) {
    await rejects(verifyWebhook({ headers: { ...headers }, body }, secret), WebhookError)
    await rejects(verifyWebhook(requestOf(headers, body), secret), WebhookError)
  }
})

test('a forged body without an end is not read on', async () => {
  let pulled = 0
  let isCancelled = false
  const pull = (controller: ReadableStreamDefaultController) => {
    pulled++
    controller.enqueue(new Uint8Array(100_000))
  }
  const cancel = () => {
    isCancelled = true
  }
  const init: RequestInit & { duplex: string } = { method: 'POST', headers: headersOf(), duplex: 'half' }
  const body = new ReadableStream({ pull, cancel })
  await rejects(verifyWebhook(new Request('http://app.test', { ...init, body }), secret), WebhookError)
  assert.is(isCancelled, true)
  assert.ok(pulled < 20)
})

test('a body that is not raw is named', async () => {
  const read = requestOf(headersOf())
  await read.json()
  const locked = requestOf(headersOf())
  locked.body!.getReader()
  const { headers } = read
  for (const request of [read, locked, ...[event, undefined, null, 5].map((body) => ({ headers, body }))]) {
    const error = await rejects(verifyWebhook(request as any, secret), ArgumentError)
    assert.match(error.message, 'body must be the raw text')
  }
})

test('a wrong secret is named, and not shown', async () => {
  const bare = secret.slice(6)
  for (const secrets of [
    ...[undefined, null, '', [], [undefined], 5, 'whsec_', bare, `${secret} `, `${secret}=`, `${secret},`],
    ...[
      `whsec_${bare.slice(1)}`,
      `whsec_${bare.replace('B', '_')}`,
      [secret, ''],
      [bare, secret],
      secretOf(1, 23),
    ],
  ]) {
    const asked = verifyWebhook({ headers: headersOf(), body: text }, secrets as any)
    const error = await rejects(asked, ArgumentError)
    assert.match(error.message, /^secrets must/)
    assert.not.match(`${error.stack}`, /AQEB/)
  }
})

import { equal, ok, rejection } from './assert.ts'
import { type Case, type Context, one, type Step } from './types.ts'

const once = { dialects: ['readme'], needs: ['lab'] } as const
const good: Step = { body: '{"status":"success","data":[]}' }
const submitted: Step = { body: '{"status":"success","data":{"run_id":"r1"}}' }

/** A client of a scripted server. */
async function scripted({ lib, lab, options }: Context, steps: readonly Step[], more = {}) {
  const server = await lab.script(steps)
  const { apiKey, allowDangerouslyExposeApiKey } = options
  const own = { apiKey, allowDangerouslyExposeApiKey, retryDelayMs: 1, ...more }
  return { ...server, client: lib.createClient({ baseUrl: server.url, ...own }) }
}

/** What servers and networks do. */
export const faultCases: Case[] = [
  one('retries', 'a 429 and a 503 are waited out, by Retry-After', once, async (context) => {
    const steps = [{ status: 429, headers: { 'retry-after': '0' } }, { status: 503 }, good]
    const { client, seen } = await scripted(context, steps)
    equal((await context.lib.checkHealth(client)).status, 'success', 'status')
    equal((await seen()).length, 3, 'requests')
  }),
  one('retries', 'a Retry-After of an hour ends the call, and is told', once, async (context) => {
    const steps = [{ status: 429, headers: { 'retry-after': '3600' } }]
    const { client, seen } = await scripted(context, steps)
    const error = await rejection(context.lib.checkHealth(client))
    equal([error.status, error.retryAfterMs, (await seen()).length], [429, 3_600_000, 1], 'error')
  }),
  one('retries', 'a POST that may have started a run is sent once', once, async (context) => {
    const { client, seen } = await scripted(context, [{ status: 503 }, submitted])
    const error = await rejection(context.lib.executeWorkflow(client, 'w', { a: '1' }, { groupId: 'g' }))
    equal([error.status, error.maybeSubmitted, error.groupId], [503, true, 'g'], 'error')
    ok(error.submittedAt instanceof Date, 'submittedAt')
    equal((await seen()).length, 1, 'requests')
  }),
  one(
    'idempotencyWhereKept',
    'a lost submission is sent again, with its key, whole',
    once,
    async (context) => {
      const kept = { ...good, headers: { 'x-idempotency': 'kept' } }
      const steps = [kept, { status: 503 }, kept, submitted]
      const idempotency = context.lib.idempotencyWhereKept()
      const { client, seen } = await scripted(context, steps, { idempotency })
      const file = context.lib.toFile(context.png, 'a.png')
      equal((await context.lib.executeWorkflow(client, 'w', { file })).data.run_id, 'r1', 'run')
      const [, first, , second] = await seen()
      const isWhole = first && second && first.bytes > context.png.length
      ok(isWhole && Math.abs(first.bytes - second.bytes) < 32, 'both whole')
    },
  ),
  one('keepsKeys', 'only if the server says so', once, async (context) => {
    const { client } = await scripted(context, [{ ...good, headers: { 'x-idempotency': 'kept' } }, good])
    equal([await context.lib.keepsKeys(client), await context.lib.keepsKeys(client)], [true, false], 'kept')
  }),
  one('retries', 'a POST is sent again after a 429, whole', once, async (context) => {
    const steps = [{ status: 429, headers: { 'retry-after': '0' } }, submitted]
    const { client, seen } = await scripted(context, steps)
    const file = context.lib.toFile(context.png, 'a.png')
    equal((await context.lib.executeWorkflow(client, 'w', { file })).data.run_id, 'r1', 'run')
    const [first, second] = await seen()
    // Firefox makes boundaries of different lengths.
    const isWhole = first && second && first.bytes > context.png.length
    ok(isWhole && Math.abs(first.bytes - second.bytes) < 32, 'both whole')
  }),
  one('redirects', 'are refused, and the key goes nowhere', once, async (context) => {
    const other = await context.lab.script([good])
    const steps = [{ status: 302, headers: { location: `${other.url}/away` } }]
    const statuses: unknown[] = []
    for (const call of ['get', 'post'] as const) {
      const { client } = await scripted(context, steps)
      const error = await rejection(
        call === 'get'
          ? context.lib.checkHealth(client)
          : context.lib.executeWorkflow(client, 'w', { a: context.lib.toFile(context.png, 'a.png') }),
      )
      equal(error.code, 'ERR_FLOWSCALE_REDIRECT', call)
      statuses.push(error.status)
    }
    // Pages show it for neither; Node would copy the form to show it.
    const { nodeTiming } = performance as { nodeTiming?: { name?: string } }
    if (nodeTiming?.name !== 'node') equal(statuses[1], statuses[0], 'the status of the POST')
    equal(await other.seen(), [], 'the other origin')
  }),
  one('errors', 'a server that is not there is a NetworkError', once, async ({ lib, lab }) => {
    const client = lib.createClient({ baseUrl: await lab.closed(), maxRetries: 0 })
    const error = await rejection(lib.checkHealth(client))
    ok(error instanceof lib.NetworkError, 'NetworkError')
    equal([error.code, error.status], ['ERR_FLOWSCALE_NETWORK', 0], 'fields')
  }),
  one('errors', 'a reset of a POST says maybeSubmitted', once, async (context) => {
    // The platform itself may send a GET or a body of text again; never a form, but for Chromium's own second try.
    const { client } = await scripted(context, [{ reset: true }])
    const error = await rejection(context.lib.executeWorkflow(client, 'w', { a: '1' }))
    equal([error.code, error.maybeSubmitted], ['ERR_FLOWSCALE_NETWORK', true], 'error')
  }),
  one('errors', 'the HTML of a gateway is an HttpError with its text', once, async (context) => {
    const step = { status: 502, headers: { 'content-type': 'text/html' }, body: '<h1>Bad Gateway</h1>' }
    const { client } = await scripted(context, [step], { maxRetries: 0 })
    const error = await rejection(context.lib.checkHealth(client))
    equal([error.code, error.status, error.body], ['ERR_FLOWSCALE_HTTP', 502, step.body], 'error')
  }),
  one('errors', 'a 200 that is no result is a ResponseError', once, async (context) => {
    for (const body of ['<html>', '{"status":"error","errors":["no"]}', '']) {
      const { client } = await scripted(context, [{ body }])
      equal((await rejection(context.lib.checkHealth(client))).code, 'ERR_FLOWSCALE_RESPONSE', body)
    }
  }),
  one('errors', 'the request id is kept', once, async (context) => {
    const headers = { 'x-request-id': 'abc', 'access-control-expose-headers': 'x-request-id' }
    const { client } = await scripted(context, [{ status: 404, headers }])
    equal((await rejection(context.lib.checkHealth(client))).requestId, 'abc', 'requestId')
  }),
  ...(['headers', 'body'] as const).flatMap((stall): Case[] => [
    one('timeoutMs', `ends a request whose ${stall} never come`, once, async (context) => {
      const { client } = await scripted(context, [{ stall }], { timeoutMs: 100, maxRetries: 0 })
      const error = await rejection(context.lib.checkHealth(client))
      equal([error.code, error.timeoutMs], ['ERR_FLOWSCALE_TIMEOUT', 100], 'error')
    }),
    one(
      'timeoutMs',
      `ends an upload whose answer's ${stall} never come, and says maybeSubmitted`,
      once,
      async (context) => {
        const { client } = await scripted(context, [{ stall }])
        const inputs = { a: context.lib.toFile(context.png, 'a.png') }
        const error = await rejection(context.lib.executeWorkflow(client, 'w', inputs, { timeoutMs: 150 }))
        equal([error.code, error.maybeSubmitted], ['ERR_FLOWSCALE_TIMEOUT', true], 'error')
      },
    ),
    one('signal', `ends a request whose ${stall} never come, with its reason`, once, async (context) => {
      const { client, seen } = await scripted(context, [{ stall }])
      const control = new AbortController()
      const reason = new Error('mine')
      const call = rejection(context.lib.checkHealth(client, { signal: control.signal }))
      while (!(await seen()).length) await new Promise((resolve) => setTimeout(resolve, 5))
      control.abort(reason)
      ok((await call) === reason, 'the same reason')
    }),
  ]),
  one('signal', 'one that is aborted already costs no request', once, async (context) => {
    const { client, seen } = await scripted(context, [good])
    const reason = { mine: true }
    const error = await rejection(context.lib.checkHealth(client, { signal: AbortSignal.abort(reason) }))
    ok(error === reason, 'the same reason')
    equal(await seen(), [], 'requests')
  }),
  one(
    'headers',
    'the key goes in its header and nowhere else; custom headers may be async',
    once,
    async (context) => {
      const headers = async () => ({ 'X-Trace': 'on' })
      const { client, seen } = await scripted(context, [good], { headers })
      await context.lib.getQueue(client)
      const [request] = await seen()
      const { apiKey } = context.options
      equal([request!.headers['x-api-key'], request!.headers['x-trace']], [apiKey, 'on'], 'headers')
      ok(!JSON.stringify({ ...request, headers: undefined }).includes(apiKey), 'nowhere else')
    },
  ),
  one('headers', 'an illegal one is an ArgumentError and costs no request', once, async (context) => {
    const { client, seen } = await scripted(context, [good])
    const headers = { 'X-Line': 'a\nb' }
    const error = await rejection(context.lib.checkHealth(client, { headers }))
    equal(error.code, 'ERR_FLOWSCALE_ARGUMENT', 'code')
    equal(await seen(), [], 'requests')
  }),
  one('fetch', 'a stored global fetch is called as it wants to be', once, async (context) => {
    const { client } = await scripted(context, [good], { fetch: globalThis.fetch })
    equal((await context.lib.checkHealth(client)).status, 'success', 'status')
  }),
  one(
    'downloadOutput',
    'sends neither the key nor custom headers, and follows redirects',
    once,
    async (context) => {
      const file = await context.lab.script([{ body: 'the file' }])
      const store = await context.lab.script([{ status: 302, headers: { location: `${file.url}/b` } }])
      const { client } = await scripted(context, [good], { headers: { 'X-Mine': 'secret' } })
      const response = await context.lib.downloadOutput(client, `${store.url}/a?signature=s`)
      equal(await response.text(), 'the file', 'text')
      for (const { seen } of [file, store]) {
        const [request] = await seen()
        ok(!request!.headers['x-api-key'] && !request!.headers['x-mine'], 'no key')
      }
    },
  ),
]

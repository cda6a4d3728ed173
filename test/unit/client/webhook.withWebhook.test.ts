// Submissions that name an address, over HTTP: which requests have it, and that nothing shows it.
import { inspect } from 'node:util'
import {
  ArgumentError,
  type Client,
  createClient,
  executeWorkflow,
  type FlowScaleError,
  HttpError,
  idempotency,
  NetworkError,
  ResponseError,
  ValidationError,
} from '@flowscale/client'
import { executeMany, executeWorkflowAsync } from '@flowscale/client/poller'
import { createRunStore } from '@flowscale/client/store'
import { withWebhook } from '@flowscale/client/webhook'
import { createEmulator } from '@flowscale/emulator'
import { serve } from '@flowscale/emulator/node'
import { FlowscaleAPI } from 'flowscale'
import { assert, rejects, throws } from '#test'
import { CANARY } from '../../support/canary.ts'
import { clientWith } from '../../support/clientWith.ts'
import { recorder } from '../../support/fakes.ts'
import { suiteWithServers } from '../../support/suiteWithServers.ts'

const test = suiteWithServers('withWebhook')
const TOKEN = 'token-in-an-address'
const hook = `https://app.test/it's/hook?token=${TOKEN}&a=ä b`
const { href } = new URL(hook)

const run = { _id: 'r', run_id: 'r', status: 'completed', outputs: [], output_names: [], node_errors: {} }
const many = (client: Client, options = {}) =>
  executeMany(client, 'w', [{}], options).then(([result]) => assert.is(result!.status, 'fulfilled'))

test('each way to submit names the address in its POST, and in nothing else', async ({ listen }) => {
  const requests: { method: string; url: URL; named: string[] }[] = []
  const { url: baseUrl } = await listen((request, response) => {
    const { method, url, headers } = request
    requests.push({ method: method!, url: new URL(url!, 'http://a'), named: Object.keys(headers) })
    response.setHeader('x-idempotency', 'kept').setHeader('content-type', 'application/json')
    request.resume().on('end', () => response.end(JSON.stringify({ status: 'success', data: run })))
  })
  const options = { baseUrl, apiKey: CANARY, allowDangerouslyExposeApiKey: true }
  const plain = createClient(options)
  const keyed = createClient({ ...options, idempotency })
  const [one, two] = [plain, keyed].map((client) => withWebhook(client, hook)) as [Client, Client]
  const api = (webhookUrl?: string) => new FlowscaleAPI({ ...options, enableLogging: false, webhookUrl })
  const ways: Record<string, () => Promise<unknown>> = {
    executeWorkflow: () => executeWorkflow(one, 'w', {}, { headers: { a: 'b' } }),
    'with keys': () => executeWorkflow(two, 'w', {}, { headers: async () => ({ a: 'b' }) }),
    'a key again': () => executeWorkflow(two, 'w', {}, { idempotencyKey: 'k' }),
    executeWorkflowAsync: () => executeWorkflowAsync(one, 'w', {}),
    executeMany: () => many(one),
    'executeMany with keys': () => many(two, { idempotencyKey: () => 'k' }),
    'a store': () => createRunStore(one, { storage: null }).start('w', {}),
    'a URL that replaces another': () =>
      executeWorkflow(withWebhook(withWebhook(keyed, 'https://other.test'), new URL(hook)), 'w', {}),
    'the class': () => api(hook).executeWorkflow('w', {}),
    'a method': () => api().executeWorkflow('w', {}, 'g', { webhookUrl: hook }),
    'a method that waits': () =>
      api('https://other.test').executeWorkflowAsync('w', {}, '', 1, 9999, { webhookUrl: hook }),
  }
  for (const [way, submit] of Object.entries(ways)) {
    requests.length = 0
    await submit()
    const posts = requests.filter(({ method }) => method === 'POST')
    assert.equal([posts.length, posts[0]!.url.searchParams.getAll('webhook_url')], [1, [href]], way)
    for (const { url, named, method } of requests) {
      assert.is(method === 'POST' || !url.searchParams.has('webhook_url'), true, way)
      assert.not.ok(named.includes('webhook_url'), way)
    }
  }
  requests.length = 0
  await executeWorkflow(plain, 'w', {})
  assert.not.ok(requests[0]!.url.searchParams.has('webhook_url'))
  // A webhook alone gives no keys.
  await rejects(executeWorkflow(one, 'w', {}, { idempotencyKey: 'k' }), ArgumentError)
  await rejects(many(one, { idempotencyKey: () => 'k' }), ArgumentError)
  assert.is(requests.length, 1)
})

test('no error and no log line shows the address, whatever the server or the runtime says', async ({
  listen,
}) => {
  for (const [status, Type] of [
    ...[[404, HttpError] as const, [422, ValidationError] as const, [200, ResponseError] as const],
    [0, NetworkError] as const,
  ]) {
    const { url: baseUrl } = await listen((request, response) => {
      if (!status) return void request.socket.destroy()
      response.statusCode = status
      response.setHeader('x-request-id', request.url!).setHeader('link', request.url!)
      const own = new URL(request.url!, 'http://a').searchParams.get('webhook_url')
      request.resume().on('end', () => response.end(JSON.stringify({ errors: [request.url, own] })))
    })
    const logger = recorder()
    const client = withWebhook(createClient({ baseUrl, maxRetries: 1, retryDelayMs: 1, logger }), hook)
    const error = await rejects(executeWorkflow(client, 'w', { a: 'b' }), Type as typeof FlowScaleError)
    const { response, cause } = error as { response?: Response; cause?: unknown }
    const shown = [error, cause, [...(response?.headers ?? [])], logger.lines, client]
    assert.not.match(shown.map((one) => inspect(one, { showHidden: true, depth: 9 })).join(), TOKEN)
  }
  // Deno's error names the address, and its cause would be shown with ours.
  const named = clientWith(async (url) =>
    Promise.reject(new TypeError(`error sending request for url (${url})`)),
  )
  const error = await rejects(executeWorkflow(withWebhook(named, hook), 'w', {}), NetworkError)
  assert.not.match(inspect(error), TOKEN)
})

test('a server that refuses the address says why; a wrong address is refused before', async ({ atEnd }) => {
  const { url: baseUrl, close } = await serve(createEmulator({ apiKey: CANARY }))
  atEnd(close)
  const client = createClient({ baseUrl, apiKey: CANARY, idempotency })
  const submitted = executeWorkflow(withWebhook(client, hook), 't3xtwr1ter00', { prompt: 'a', words: 5 })
  const { message } = await rejects(submitted, ValidationError, { status: 422 })
  assert.match(message, 'webhook_url must lead to this machine')
  for (const wrong of ['', '/hook', `app.test/${TOKEN}`, `ftp://app.test/${TOKEN}`, undefined]) {
    assert.not.match(throws(() => withWebhook(client, wrong!), ArgumentError).message, TOKEN)
  }
  for (const login of [`${TOKEN}@`, `:${TOKEN}@`, `user:${TOKEN}@`]) {
    const { message } = throws(() => withWebhook(client, `https://${login}app.test/`), ArgumentError)
    assert.is(message, 'webhookUrl must be an absolute http(s) URL without a login')
  }
  throws(() => new FlowscaleAPI({ apiKey: CANARY, baseUrl, webhookUrl: '' }), ArgumentError)
})

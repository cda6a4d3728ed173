// OpenAI's image API: what its fields become, its errors, and that a request that is sent again starts nothing.
import {
  createHttpApi,
  type Engine,
  EngineError,
  type HttpApi,
  type HttpApiOptions,
  type Input,
  type Operator,
  type Run,
  type Submission,
  type Workflow,
} from '@flowscale/gateway/http'
import { assert, suite } from '#test'
import { until } from '../../../../support/until.ts'
import { run as anyRun, fakeEngine } from '../../fakeEngine.ts'

const test = suite("OpenAI's image API")
const KEY = 'secret'
const ORIGIN = 'http://gateway.test'
const PNG = new Uint8Array([0x89, 0x50, 0x4e, 0x47])

const input = (kind: Input['kind'], more: Partial<Input> = {}): Input => ({
  kind,
  required: false,
  array: false,
  ...more,
})
const painter: Workflow = {
  id: 'paint',
  name: 'Paint',
  description: '',
  inputs: new Map([
    ['text_6', input('string', { role: 'prompt' })],
    ['text_7', input('string', { role: 'negative_prompt' })],
    ['seed', input('number', { integer: true, max: 9 })],
    ['width', input('number')],
    ['height', input('number')],
    ['photo', input('image', { role: 'image' })],
    ['others', input('image', { role: 'image', array: true })],
    ['cut', input('image', { role: 'mask' })],
    ['style', input('string', { options: ['a', 'b'] })],
  ]),
  outputs: new Map([['image', 'image']]),
}
const plain: Workflow = { ...painter, id: 'plain', inputs: new Map([['words', input('string')]]) }
const sizer: Workflow = {
  ...painter,
  id: 'sizer',
  inputs: new Map([
    ['size', input('number')],
    ['quality', input('number')],
  ]),
}
const texter: Workflow = { ...painter, id: 'texter', outputs: new Map([['text', 'string']]) }
const broken: Workflow = { ...painter, id: 'broken', outputs: new Map(), problem: 'no such node class' }

interface Own extends Partial<Engine> {
  /** The runs do not end. */
  readonly isHeld?: boolean
  readonly onSubmit?: (number: number) => Promise<void> | undefined
}

/** An engine that ends its runs at once, unless they are held. */
function open({ isHeld = false, onSubmit, ...own }: Own = {}, options: Partial<HttpApiOptions> = {}) {
  const runs: Run[] = []
  const listeners = new Set<(run: Run) => void>()
  const submissions: Submission[] = []
  const keys = new Map<string, Run>()
  const set = (run: Run): void => {
    runs[Number(run.id.slice(1)) - 1] = run
    for (const listener of listeners) listener(run)
  }
  const workflows = [painter, plain, sizer, texter, broken]
  const engine = fakeEngine({
    workflows: async () => workflows,
    findKey: async () => undefined,
    draft: async (id, _signal, caller) => ({
      workflow: workflows.find((one) => one.id === id)!,
      putFile: async (_input, file) => ({
        bytes: new Uint8Array(await new Response(file.body).arrayBuffer()).length,
      }),
      putUrl: async () => ({}),
      async submit(submission) {
        await onSubmit?.(runs.length)
        const { groupId, inputs, once } = submission
        const same = once && keys.get(once.key)
        if (same) return { run: same, number: 1 }
        submissions.push(submission)
        const status = isHeld ? 'running' : 'completed'
        const made = {
          ...anyRun,
          id: `r${runs.length + 1}`,
          workflowId: id,
          groupId,
          inputs,
          files: ['a.png', 'b.txt'],
        }
        runs.push({ ...made, status, owner: caller?.owner, createdAt: Date.now() + runs.length })
        if (once) keys.set(once.key, runs.at(-1)!)
        return { run: runs.at(-1)!, number: runs.length }
      },
    }),
    getRun: async (id) => runs.find((one) => one.id === id),
    getRuns: async ({ groupId, owner, limit }) => {
      const found = runs.filter((one) => one.groupId === groupId && one.owner === owner).reverse()
      return { runs: found.slice(0, limit), total: found.length }
    },
    watch(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    readOutput: async () => new Response(PNG),
    ...own,
  })
  const api = createHttpApi({
    engine,
    dialect: 'readme',
    apiKey: KEY,
    sign: async () => 'signed',
    urlTtlMs: 60_000,
    oneOrigin: true,
    makeRequestId: () => 'id',
    name: 'gateway',
    ...options,
  })
  return { api, runs, submissions, set }
}

async function ask(api: HttpApi, path: string, init: RequestInit = {}) {
  const request = new Request(new URL(path, ORIGIN), {
    ...init,
    headers: { authorization: `Bearer ${KEY}`, ...init.headers },
  })
  const response = await api.handle(request, { filesUrl: ORIGIN })
  const { status, headers } = response
  const text = await response.text()
  return {
    status,
    headers,
    text,
    body: text && headers.get('content-type') === 'application/json' ? JSON.parse(text) : undefined,
  }
}

const post = (api: HttpApi, fields: object | FormData, again?: number, path = 'generations') => {
  const isForm = fields instanceof FormData
  const count: Record<string, string> = again === undefined ? {} : { 'x-stainless-retry-count': `${again}` }
  const headers = { ...count, ...(!isForm && { 'content-type': 'application/json' }) }
  const body = isForm ? fields : JSON.stringify(fields)
  return ask(api, `/v1/images/${path}`, { method: 'POST', headers, body })
}

const form = (...fields: [string, string | Blob][]): FormData => {
  const data = new FormData()
  for (const [name, value] of fields) data.append(name, value)
  return data
}
const file = new File([PNG], 'a.png', { type: 'image/png' })
const JSON_KEY = { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' }
const idsOf = ({ headers }: { headers: Headers }): string => headers.get('x-flowscale-run')!

test('the models are the workflows that make pictures, and that the key may run', async () => {
  const { api } = open()
  const { body } = await ask(api, '/v1/models')
  assert.equal(
    body.data.map(({ id, object }: any) => [id, object]),
    [
      ['paint', 'model'],
      ['plain', 'model'],
      ['sizer', 'model'],
    ],
  )
  const head = await ask(api, '/v1/models', { method: 'HEAD' })
  assert.equal([head.status, head.text], [200, ''])
  const shop = {
    name: 'shop',
    sha256: '2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b',
    workflows: ['plain'],
  }
  const narrow = open({}, { keys: { current: () => [shop], watch: () => () => {} } }).api
  const sent = { headers: { authorization: 'Bearer secret' } }
  assert.is((await ask(narrow, '/v1/models', sent)).body.data.length, 3, 'the key of an admin')
  const { api: closed } = open(
    {},
    { apiKey: undefined, keys: { current: () => [shop], watch: () => () => {} } },
  )
  assert.equal(
    (await ask(closed, '/v1/models', sent)).body.data.map(({ id }: any) => id),
    ['plain'],
  )
  assert.is((await post(closed, { model: 'paint', prompt: 'x' })).status, 404)
  const { body: one } = await ask(closed, '/v1/models/pl%61in', sent)
  assert.equal(one, { id: 'plain', object: 'model', created: 0, owned_by: 'flowscale' })
  for (const id of ['paint', 'none', 'a/b', '%', ''])
    assert.is((await ask(closed, `/v1/models/${id}`, sent)).status, 404, id)
})

test('each field becomes an input, is refused or ignored', async () => {
  const cat = { model: 'paint', prompt: 'a cat' }
  const table: [fields: object | FormData, values: object | string, ignored?: string][] = [
    [cat, { text_6: 'a cat' }],
    [
      { ...cat, negative_prompt: 'dogs', seed: 5 },
      { text_6: 'a cat', text_7: 'dogs', seed: 5 },
    ],
    [
      { ...cat, size: '512x768' },
      { text_6: 'a cat', width: 512, height: 768 },
    ],
    [{ ...cat, size: 'auto', quality: 'high', user: 'u' }, { text_6: 'a cat' }, 'quality,user'],
    [
      { ...cat, style: 'b' },
      { text_6: 'a cat', style: 'b' },
    ],
    [{ ...cat, style: 'vivid' }, 'style'],
    [{ ...cat, steps: 4 }, 'steps'],
    [{ ...cat, size: 'large' }, 'size'],
    [{ ...cat, n: 11 }, 'n'],
    [{ ...cat, n: 2, stream: true }, 'n'],
    [{ ...cat, response_format: 'png' }, 'response_format'],
    [{ prompt: 'a cat' }, 'model'],
    [{ ...cat, seed: 'x' }, 'seed'],
    // The third run would have the seed 10. None is started.
    [{ ...cat, n: 3, seed: 8 }, 'seed'],
    [{ model: 'sizer', size: '512x512', quality: 'high' }, {}, 'size,quality'],
    [{ model: 'sizer', size: 'auto', quality: 80 }, { quality: 80 }, 'size'],
    [{ model: 'plain', prompt: 'a cat', size: '1x1' }, { words: 'a cat' }, 'size'],
    [{ model: 'plain', prompt: 'a cat', seed: 1 }, 'seed'],
    [{ model: 'plain', prompt: 'a cat', image: 'data:image/png;base64,iVBORw==' }, 'image'],
    [form(['image', file], ['model', 'paint'], ['prompt', 'x']), { text_6: 'x', photo: { bytes: 4 } }],
    [
      form(
        ['image[]', file],
        ['image[]', file],
        ['image[]', file],
        ['mask', file],
        ['model', 'paint'],
        ['prompt', 'x'],
      ),
      { text_6: 'x', photo: { bytes: 4 }, others: [{ bytes: 4 }, { bytes: 4 }], cut: { bytes: 4 } },
    ],
    [form(['model', 'paint'], ['prompt', 'x']), 'image'],
    [form(['model', 'plain'], ['prompt', 'x'], ['image', file]), 'image'],
  ]
  for (const [fields, wanted, ignored = null] of table) {
    const { api, submissions } = open()
    const answer = await post(api, fields, undefined, fields instanceof FormData ? 'edits' : 'generations')
    if (typeof wanted === 'string') {
      assert.equal(
        [answer.status, answer.body.error.param, submissions.length],
        [400, wanted, 0],
        answer.text,
      )
      assert.is(answer.headers.get('x-should-retry'), 'false')
    } else {
      assert.equal(submissions[0]?.values, wanted, answer.text)
      assert.equal([answer.status, answer.headers.get('x-flowscale-ignored')], [200, ignored])
    }
  }
})

test('n runs have their own seeds, and the answer has each picture', async () => {
  const { api, submissions } = open()
  const made = await post(api, { model: 'paint', prompt: 'x', n: 3, seed: 7 })
  assert.equal(
    submissions.map(({ values }) => values.seed),
    [7, 8, 9],
  )
  assert.equal(made.body.data, Array(3).fill({ b64_json: 'iVBORw==' }))
  assert.is(idsOf(made), 'r1,r2,r3')
  const { body } = await post(api, { model: 'paint', prompt: 'x', response_format: 'url' })
  assert.match(body.data[0].url, `${ORIGIN}/generations/r4/a.png?`)
})

test('a key gets all of its runs or none', async () => {
  const sha256 = '2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b'
  const keys = { current: () => [{ name: 'shop', sha256, maxUnfinished: 2 }], watch: () => () => {} }
  const { api, submissions } = open({}, { apiKey: undefined, keys })
  const answer = await post(api, { model: 'paint', prompt: 'x', n: 3 })
  assert.equal([answer.status, answer.body.error.param, submissions.length], [400, 'n', 0])
  assert.is((await post(api, { model: 'paint', prompt: 'x', n: 2 })).status, 200)
})

test('an Idempotency-Key goes to the queue, and each of several runs has its own', async () => {
  const { api, submissions } = open()
  const init = { method: 'POST', headers: { ...JSON_KEY, 'idempotency-key': 'k' } }
  const cat = JSON.stringify({ model: 'paint', prompt: 'a cat', n: 2 })
  const headers = { ...init.headers, 'x-stainless-retry-count': '1' }
  for (const one of [init, { ...init, headers }])
    assert.is(idsOf(await ask(api, '/v1/images/generations', { ...one, body: cat })), 'r1,r2')
  assert.equal(
    submissions.map(({ once }) => once?.key),
    ['k', 'k/1'],
  )
  const none = open({ findKey: undefined as never })
  assert.is((await ask(none.api, '/v1/images/generations', { ...init, body: cat })).status, 400)
})

test('large bodies are refused while too many are in memory', async () => {
  const { api } = open()
  const piece = new Uint8Array(2 ** 20)
  const aborter = new AbortController()
  const send = (most: number) => {
    let sent = 0
    const body = new ReadableStream<Uint8Array>({
      async pull(controller) {
        if (sent === most) await new Promise(() => {})
        const head = '--b\r\ncontent-disposition: form-data; name="image"; filename="a"\r\n\r\n'
        controller.enqueue(sent++ === 0 ? new TextEncoder().encode(head) : piece)
      },
    })
    const headers = { authorization: `Bearer ${KEY}`, 'content-type': 'multipart/form-data; boundary=b' }
    const init = { method: 'POST', headers, body, signal: aborter.signal, duplex: 'half' } as const
    const asked = api.handle(new Request(`${ORIGIN}/v1/images/edits`, init), { filesUrl: ORIGIN })
    return { asked, isSent: () => sent === most }
  }
  const held = Array.from({ length: 5 }, () => send(51))
  for (const { asked } of held) asked.catch(() => {})
  await until(() => held.every(({ isSent }) => isSent()))
  const refused = await send(60).asked
  assert.equal([refused.status, refused.headers.get('retry-after')], [429, '5'])
  assert.is((await post(api, { model: 'paint', prompt: 'x' })).status, 200)
  aborter.abort()
  for (const { asked } of held) await asked.catch(() => {})
  const image = new File([new Uint8Array(20 * 2 ** 20)], 'a.png')
  const large = form(['image', image], ['model', 'paint'], ['prompt', 'x'])
  assert.is((await post(api, large, undefined, 'edits')).status, 200)
})

test('the drafts of runs that are not submitted are given up', async () => {
  for (const [missing, full, discarded] of [
    [3, 0, [1, 2]],
    [0, 2, [3]],
  ] as const) {
    const given: number[] = []
    let made = 0
    const { api } = open({
      async draft() {
        const number = ++made
        if (number === missing) return undefined
        return {
          workflow: plain,
          putFile: async () => ({}),
          putUrl: async () => ({}),
          async submit() {
            if (number === full) throw new EngineError(429, 'full')
            return { run: { ...anyRun, id: `r${number}`, status: 'completed' }, number }
          },
          discard: () => void given.push(number),
        }
      },
    })
    await post(api, { model: 'plain', prompt: 'a', n: 3 })
    assert.equal(given, discarded)
  }
})

test('a caller that leaves before the submission has started nothing', async () => {
  const aborter = new AbortController()
  const workflows = async () => {
    aborter.abort()
    return [painter]
  }
  const { api, submissions } = open({ workflows })
  const init = { method: 'POST', body: '{"model":"paint"}', headers: JSON_KEY, signal: aborter.signal }
  const asked = api.handle(new Request(`${ORIGIN}/v1/images/generations`, init), { filesUrl: ORIGIN })
  await asked.then(
    () => assert.unreachable(),
    () => {},
  )
  assert.is(submissions.length, 0)
})

test("errors have OpenAI's form", async () => {
  const { api } = open({ isHeld: true })
  const bearer = (key: string) => ({ headers: { authorization: `Bearer ${key}` } })
  const json = { method: 'POST', body: '{', headers: { 'content-type': 'application/json' } }
  const long = 'x'.repeat(2 ** 21)
  const key = 'invalid_api_key'
  const model = 'model_not_found'
  const table: [
    Promise<Awaited<ReturnType<typeof ask>>>,
    status: number,
    code: string | null,
    type?: string,
  ][] = [
    [ask(api, '/v1/models', bearer('wrong')), 401, key],
    [ask(api, '/v1/models', { headers: { authorization: '' } }), 401, key],
    [ask(api, '/v1/models/none'), 404, model],
    [ask(api, '/v1/chat/completions', { method: 'POST' }), 404, 'not_found'],
    [ask(api, '/v1/images/generations'), 404, 'not_found'],
    [post(api, { model: 'none', prompt: 'x' }), 404, model],
    [post(api, { model: 'texter', prompt: 'x' }), 404, model],
    [post(api, { model: 'broken', prompt: 'x' }), 400, null],
    [ask(api, '/v1/images/generations', json), 400, null],
    [post(api, { model: 'paint', prompt: long }), 413, null],
    [
      post(open({ draft: async () => Promise.reject(new EngineError(429, 'full')) }).api, { model: 'paint' }),
      429,
      null,
      'rate_limit_error',
    ],
  ]
  for (const [asked, status, code, type = 'invalid_request_error'] of table) {
    const answer = await asked
    const { error } = answer.body
    assert.equal(
      [answer.status, error.type, error.code, typeof error.message],
      [status, type, code, 'string'],
    )
    if (code === model) assert.is(error.param, 'model')
    assert.is(answer.headers.get('x-should-retry'), status === 429 ? null : 'false')
  }
  const missing = await ask(api, '/v1/models', { headers: { authorization: '' } })
  assert.match(missing.body.error.message, 'Authorization: Bearer')
  assert.is((await post(api, { model: 'broken' })).body.error.message, broken.problem)
  const off = await ask(open({}, { openai: false }).api, '/v1/models')
  assert.equal([off.status, off.body.status], [404, 'error'])
})

test('a run that fails, or may have been started, gets a 400 with its id', async () => {
  /** Throws at the submission with this number. */
  const throwing = (error: Error, at = 0) =>
    open({ onSubmit: (number) => (number === at ? Promise.reject(error) : undefined) })
  const refused: number[] = []
  const operator = { refused: (status: number) => void refused.push(status) } as unknown as Operator
  const failed = open({ isHeld: true }, { operator })
  const cancelled = open({ isHeld: true })
  const answers: [answer: Promise<Awaited<ReturnType<typeof ask>>>, status: number, id: string | null][] = [
    [post(failed.api, { model: 'paint', prompt: 'x' }), 400, 'r1'],
    [post(cancelled.api, { model: 'paint', prompt: 'x' }), 400, 'r1'],
    [post(throwing(new EngineError(502, 'gone', { runId: 's9' })).api, { model: 'paint' }), 400, 's9'],
    [post(throwing(new Error('odd')).api, { model: 'paint' }), 400, null],
    [post(throwing(new EngineError(429, 'full'), 1).api, { model: 'paint', n: 2 }), 400, 'r1'],
    [post(throwing(new EngineError(429, 'full')).api, { model: 'paint' }), 429, null],
  ]
  await until(() => failed.runs.length + cancelled.runs.length === 2)
  cancelled.set({ ...cancelled.runs[0]!, status: 'cancelled' })
  failed.set({ ...failed.runs[0]!, status: 'failed', error: 'out of memory' })
  for (const [asked, status, id] of answers) {
    const answer = await asked
    assert.equal([answer.status, answer.headers.get('x-flowscale-run')], [status, id], answer.text)
  }
  assert.equal(refused, [], 'the submission was not refused')
})

test('a request that is sent again joins the oldest run of its key and fields that was not joined', async () => {
  const { api, runs, set } = open({ isHeld: true })
  const cat = { model: 'paint', prompt: 'a cat' }
  const end = (): void => {
    for (const [at, run] of runs.entries()) runs[at] = { ...run, status: 'completed' }
  }
  const aborter = new AbortController()
  for (const [at, fields] of [cat, cat, { ...cat, seed: 1 }].entries()) {
    const init = { method: 'POST', body: JSON.stringify(fields), headers: JSON_KEY, signal: aborter.signal }
    const request = new Request(`${ORIGIN}/v1/images/generations`, init)
    api.handle(request, { filesUrl: ORIGIN }).catch(() => {})
    await until(() => runs.length === at + 1)
  }
  aborter.abort()
  end()
  const again = async (count: number, fields: object = cat): Promise<string> =>
    idsOf(await post(api, fields, count))
  assert.equal([await again(1), await again(1), await again(1)], ['r1', 'r2', 'r2'])
  assert.is(await again(1, { ...cat, seed: 1 }), 'r3')
  for (const [at, run] of runs.entries()) runs[at] = { ...run, createdAt: Date.now() - 15 * 60_000 - 10 }
  for (const [at, fields] of [cat, { ...cat, prompt: 'a dog' }].entries()) {
    const late = again(at + 1, fields)
    await until(() => runs.length === 4 + at)
    set({ ...runs.at(-1)!, status: 'completed' })
    assert.is(await late, `r${4 + at}`)
  }
})

test('a request that is sent again while its run is submitted waits for that', async () => {
  let go = (): void => {}
  const held = new Promise<void>((resolve) => {
    go = resolve
  })
  let isSubmitting = false
  const onSubmit = () => {
    isSubmitting = true
    return held
  }
  const { api } = open({ onSubmit })
  const first = post(api, { model: 'paint', prompt: 'x' })
  await until(() => isSubmitting)
  const second = post(api, { model: 'paint', prompt: 'x' }, 1)
  // By now, the second one would be as far as the first one.
  for (let at = 0; at < 5; at++) await post(api, { model: 'none', prompt: `${at}` })
  go()
  assert.equal([idsOf(await first), idsOf(await second)], ['r1', 'r1'])
})

test('without a queue, a request that is sent again starts nothing', async () => {
  const full = { draft: async () => Promise.reject(new EngineError(429, 'full')) }
  for (const [own, again] of [
    [full, null],
    [{ ...full, findKey: undefined as never }, 'false'],
  ] as const)
    assert.is((await post(open(own).api, { model: 'paint' })).headers.get('x-should-retry'), again)
  const { api, submissions } = open({ findKey: undefined as never })
  const answer = await post(api, { model: 'paint', prompt: 'x' }, 1)
  assert.equal([answer.status, answer.headers.get('x-should-retry'), submissions.length], [409, 'false', 0])
})

test('a stream has pictures of the run at work, and ends with its result or its error', async () => {
  for (const status of ['completed', 'failed'] as const) {
    let read = 0
    const { api, runs, set } = open({
      isHeld: true,
      async readPreview() {
        read++
        return { type: 'image/jpeg', data: new Uint8Array([1, 2, 3]) }
      },
    })
    const asked = post(api, { model: 'paint', prompt: 'x', stream: true, partial_images: 1 })
    await until(() => runs.length === 1)
    assert.is(runs[0]!.status, 'running')
    set({ ...runs[0]!, progress: 0.6, preview: 4 })
    await until(() => read > 0)
    set({ ...runs[0]!, status, error: 'out of memory', files: ['a.png', 'c.png'] })
    const { text, headers } = await asked
    assert.is(headers.get('content-type'), 'text/event-stream')
    const events = text.split('\n\n').filter((one) => one.startsWith('event'))
    const data = events.map((one) => JSON.parse(one.split('\ndata: ')[1]!))
    assert.equal(
      data.map(({ type, b64_json }) => [type, b64_json]),
      [
        ['image_generation.partial_image', 'AQID'],
        ...(status === 'completed'
          ? Array(2).fill(['image_generation.completed', 'iVBORw=='])
          : [['error', undefined]]),
      ],
    )
    if (status === 'failed') assert.match(data[1].error.message, 'out of memory')
  }
})

test('a request that is sent again to another gateway, before its run is seen there, gets that run', async () => {
  const { api, submissions } = open({ getRuns: async () => ({ runs: [], total: 0 }) })
  const cat = { model: 'paint', prompt: 'a cat', n: 2 }
  assert.equal([idsOf(await post(api, cat)), idsOf(await post(api, cat, 1))], ['r1,r2', 'r1,r2'])
  assert.is(submissions.length, 2)
})

// Submissions with an `Idempotency-Key`, in front of an engine that says what the test wants.
import {
  createHttpApi,
  type Dialect,
  type Engine,
  EngineError,
  type KnownRun,
  type Submission,
} from '@flowscale/gateway/http'
import { assert, suite } from '#test'
import { draft, fakeEngine, run } from '../../fakeEngine.ts'

const test = suite('submissions with an Idempotency-Key')
const ORIGIN = 'http://gateway.test'
const never = (): never => assert.unreachable('the engine was asked') as never

interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: any
}

function openApi(own: Partial<Engine>, dialect: Dialect = 'readme') {
  const api = createHttpApi({
    engine: fakeEngine(own),
    dialect,
    apiKey: null,
    sign: () => '',
    urlTtlMs: 60_000,
    makeRequestId: () => 'id',
    name: 'gateway',
  })
  const ask = async (path: string, init: RequestInit = {}): Promise<Answer> => {
    const answer = await api.handle(new Request(ORIGIN + path, init), { filesUrl: ORIGIN })
    return { status: answer.status, headers: answer.headers, body: await answer.json() }
  }
  return {
    ask,
    submit: (key: string | null, fields: Record<string, string> = { text: 'a' }, query = '') =>
      ask(`/api/v1/runs?workflow_id=w${query}`, {
        method: 'POST',
        headers: key === null ? {} : { 'idempotency-key': key },
        body: new URLSearchParams(fields),
      }),
  }
}

/** What an engine is asked that keeps keys, and what it answers. */
function keeping(known?: KnownRun): { engine: Partial<Engine>; submitted: Submission[]; asked: string[] } {
  const submitted: Submission[] = []
  const asked: string[] = []
  const submit = async (submission: Submission) => {
    submitted.push(submission)
    return { run, number: 3 }
  }
  const engine: Partial<Engine> = {
    draft: async () => ({ ...draft, submit }),
    async findKey(key) {
      asked.push(key)
      return known
    },
  }
  return { engine, submitted, asked }
}

test('a key has 1 to 255 visible ASCII characters', async () => {
  for (const [key, status] of [
    ['k', 200],
    ['"8e03978e-40d5"', 200],
    ['~'.repeat(255), 200],
    ['', 400],
    ['~'.repeat(256), 400],
    ['a b', 400],
    ['a, b', 400],
    ['\u00e9', 400],
  ] as const) {
    const { engine, submitted, asked } = keeping()
    const answer = await openApi(engine).submit(key)
    assert.is(answer.status, status, key)
    const wrong = ['Idempotency-Key must be 1 to 255 visible ASCII characters']
    if (status === 400) assert.equal([answer.body.errors, asked], [wrong, []])
    else assert.equal([submitted[0]?.once?.key, asked], [key, [key]])
  }
})

test('an engine that keeps no keys refuses them, and is asked nothing', async () => {
  const errors = [
    'This gateway does not keep the Idempotency-Key of submissions: leave the header out, or start a gateway with a queue: --data or --redis',
  ]
  const { status, body } = await openApi({ draft: never }).submit('k')
  assert.equal([status, body], [400, { status: 'error', errors }])
  assert.is((await openApi({}).submit(null)).status, 200)
})

test('health says whether keys are kept, and its body stays the published one', async () => {
  for (const [engine, told] of [
    [{}, null],
    [{ findKey: async () => undefined }, 'kept'],
  ] as const) {
    const { headers, body } = await openApi(engine).ask('/api/v1/comfy/health')
    assert.equal([headers.get('x-idempotency'), body], [told, { status: 'success', data: [] }])
  }
})

test('without a key nothing is hashed or looked up', async () => {
  const { engine, submitted } = keeping()
  const { status } = await openApi({ ...engine, findKey: never }).submit(null)
  assert.equal([status, submitted.map(({ once }) => once)], [200, [undefined]])
})

for (const dialect of ['readme', 'openapi', 'python'] as const) {
  test(`${dialect}: a known key gets the same answer, though nothing new is taken; others get a 422`, async () => {
    const { engine, submitted } = keeping()
    const first = await openApi(engine, dialect).submit('k', { text: 'a', seed: '1' }, '&group_id=g')
    const { hash } = submitted[0]!.once!
    // It is neither asked for its workflows, nor for a draft.
    const full = openApi(
      { ...keeping({ run, number: 3, hash }).engine, draft: never, workflows: never },
      dialect,
    )
    const again = await full.submit('k', { seed: '1', text: 'a' }, '&group_id=g')
    assert.equal([again.status, again.body], [first.status, first.body])

    const text = 'This Idempotency-Key was sent before with other inputs, or another workflow or group'
    const refusal = dialect === 'readme' ? { status: 'error', errors: [text] } : { detail: text }
    for (const [fields, query] of [
      [{ text: 'b', seed: '1' }, '&group_id=g'],
      [{ text: 'a', seed: '1', nothing: 'x' }, '&group_id=g'],
      [{ text: 'a', seed: '1' }, ''],
      [{ text: 'a', seed: '1' }, '&group_id=h'],
    ] as const) {
      const { status, body } = await full.submit('k', fields, query)
      assert.equal([status, body], [422, refusal], query)
    }
  })
}

test('a run that its key got after the first look fills the limit, and is found', async () => {
  const { engine, submitted } = keeping()
  await openApi(engine).submit('k')
  const { hash } = submitted[0]!.once!
  const refuse = async (): Promise<never> => {
    throw new EngineError(429, 'The limit')
  }
  for (const [inputs, now, expected] of [
    [{ text: 'a' }, { run, number: 3, hash }, 200],
    [{ text: 'b' }, { run, number: 3, hash }, 422],
    [{ text: 'a' }, undefined, 429],
  ] as const) {
    let looks = 0
    const findKey = async (): Promise<KnownRun | undefined> => (looks++ === 0 ? undefined : now)
    assert.is((await openApi({ findKey, draft: refuse }).submit('k', inputs)).status, expected)
  }
})

test('a store that is away started nothing', async () => {
  const away = async (): Promise<never> => {
    throw new EngineError(503, 'Away')
  }
  const { status, headers } = await openApi({ findKey: away, draft: never }).submit('k')
  assert.equal([status, headers.get('retry-after')], [429, '5'])
})

const polls = suite('polls of runs')

/** The answer to a poll of a run that should end so soon, and ends as soon as somebody listens to it. */
async function pollOf(endsInMs: number | undefined): Promise<string> {
  const endsAt = endsInMs === undefined ? undefined : Date.now() + endsInMs
  const { ask } = openApi({
    getRun: async () => ({ ...run, status: 'running', endsAt }),
    watch(listener) {
      setTimeout(() => listener({ ...run, status: 'completed' }))
      return () => {}
    },
  })
  return (await ask(`/api/v1/runs/${run.id}`)).body.data.status
}

polls('a poll waits for the end of a run that is about to end, and for no other', async () => {
  const cases = [
    [20, 'completed'],
    [-20, 'completed'],
    [60_000, 'running'],
    [undefined, 'running'],
  ] as const
  for (const [endsInMs, status] of cases) assert.is(await pollOf(endsInMs), status, `${endsInMs}`)
})

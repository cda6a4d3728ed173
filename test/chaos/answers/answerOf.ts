import { createEmulator } from '@flowscale/emulator'
import fc from 'fast-check'
import { CANARY } from '../../support/canary.ts'

export const RUN = 'run-1'

/** What a fake fetch does: it answers so, or it throws. */
export interface Answer {
  status: number
  headers: [name: string, value: string][]
  body: string
  /** How the body comes; `break` fails half-way, `hang` never ends. */
  way: 'text' | 'chunks' | 'break' | 'hang' | 'none' | 'throw' | 'hidden redirect' | 'no response'
}

/** Stand for what `JSON.stringify` can't write. */
const infinity = '@@1e999@@'
const deep = '@@deep@@'
const write = (value: unknown): string =>
  `${JSON.stringify(value)}`
    .replaceAll(`"${infinity}"`, '1e999')
    .replaceAll(`"${deep}"`, `${'['.repeat(6000)}1${']'.repeat(6000)}`)

const words = [
  ...['queued', 'pending', 'running', 'in_progress', 'completed', 'success', 'failed', 'error', 'cancelled'],
  ...['timed_out', 'COMPLETED', 'paused', ''],
]
const names = [
  ...'status data errors meta detail run_id _id id outputs output_names inputs filename url download_url'.split(
    ' ',
  ),
  ...'generation_status node_errors runs count workflows queue container message msg loc total_count'.split(
    ' ',
  ),
  ...'total_pages group_id number name error __proto__ constructor toString hasOwnProperty then'.split(' '),
  ...['length', 'toJSON', ''],
]
const links = [
  'https://files.test/a.png?sig=1',
  'http://x',
  'ftp://files.test/a',
  '/a.png',
  'javascript:1',
  'https://',
  `https://files.test/${CANARY}/a.png`,
]

const scalar = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...words) },
  { weight: 2, arbitrary: fc.constantFrom<unknown>(RUN, 'a', 'a.png', '..', '.', 'a/b', '\ud800', ...links) },
  {
    weight: 2,
    arbitrary: fc.constantFrom<unknown>(null, true, false, 0, -0, 1, -1, 0.5, 2 ** 53, 1e308, infinity),
  },
  { weight: 1, arbitrary: fc.constantFrom(CANARY, `x-api-key: ${CANARY}`, [...CANARY].join('\\'), deep) },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme' }) },
  { weight: 1, arbitrary: fc.integer() },
)
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    { weight: 4, arbitrary: scalar },
    { weight: 1, arbitrary: fc.array(tie('value'), { maxLength: 4 }) },
    {
      weight: 2,
      arbitrary: fc
        .array(fc.tuple(fc.constantFrom(...names), tie('value')), { maxLength: 6 })
        .map(Object.fromEntries),
    },
  ),
}))

interface Mutation {
  /** Of all places in the tree, modulo their number. */
  at: number
  what: 'replace' | 'remove' | 'wrap' | 'unwrap' | 'twice' | 'rename'
  value: unknown
  name: string
}
const mutation: fc.Arbitrary<Mutation> = fc.record({
  at: fc.nat(200),
  what: fc.constantFrom('replace', 'replace', 'remove', 'wrap', 'unwrap', 'twice', 'rename'),
  value,
  name: fc.constantFrom(...names),
})

type Holder = Record<string, unknown>
/** Also for `__proto__`. */
const put = (holder: Holder, name: string, value: unknown) =>
  Object.defineProperty(holder, name, { value, enumerable: true, writable: true, configurable: true })

function mutate(body: unknown, mutations: readonly Mutation[]): unknown {
  const root: Holder = { root: structuredClone(body) }
  for (const { at, what, value, name } of mutations) {
    const places: [Holder, string][] = []
    const visit = (holder: Holder) => {
      for (const key of Object.keys(holder)) {
        places.push([holder, key])
        const inner = holder[key]
        if (typeof inner === 'object' && inner !== null) visit(inner as Holder)
      }
    }
    visit(root)
    const place = places[at % places.length]
    if (!place) break
    const [holder, key] = place
    const old = holder[key]
    if (what === 'replace') put(holder, key, structuredClone(value))
    else if (what === 'wrap') put(holder, key, [old])
    else if (what === 'unwrap') put(holder, key, Object.values(Object(old))[0] ?? null)
    else if (what === 'twice') put(holder, key, [old, structuredClone(old)])
    else if (holder !== root) {
      if (Array.isArray(holder)) holder.splice(Number(key), 1)
      else delete holder[key]
      if (what === 'rename' && !Array.isArray(holder)) put(holder, name, old)
    }
  }
  return root.root
}

/** Answers to an operation: real ones, mutated ones and such as nobody has seen yet. */
export function answerOf(real: readonly RealAnswer[], operations: readonly string[]): fc.Arbitrary<Answer> {
  const fitting = real.filter(({ operation }) => operations.includes(operation))
  const mutated = fc
    .tuple(
      fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...fitting) }, fc.constantFrom(...real)),
      fc.oneof(fc.array(mutation, { maxLength: 1 }), fc.array(mutation, { maxLength: 4 })),
    )
    .map(([{ body }, mutations]) => write(mutate(body, mutations)))
  const enveloped = fc
    .record(
      {
        status: fc.oneof(fc.constantFrom('success', 'error', ...words), value),
        data: value,
        errors: value,
        meta: value,
      },
      { requiredKeys: [] },
    )
    .map(write)
  const broken = fc
    .tuple(mutated, fc.nat(400), fc.constantFrom('', '\ufeff', '\0', '<html>'))
    .map(([text, length, before]) => before + text.slice(0, length))
  const body = fc.oneof(
    { weight: 6, arbitrary: mutated },
    { weight: 3, arbitrary: enveloped },
    { weight: 1, arbitrary: value.map(write) },
    { weight: 1, arbitrary: broken },
    { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        ...['', 'null', '[]', '{}', '"', '0'],
        `<h1>Bad Gateway</h1> ${CANARY}`,
        'x'.repeat(200_000),
      ),
    },
  )
  const header = fc.constantFrom<[string, string]>(
    ...['0', '1', '29', '31', '-5', 'soon', '1e999', '31536000', '99999999999999999999', '1.5', ' '].map(
      (value): [string, string] => ['retry-after', value],
    ),
    ['retry-after', 'Wed, 21 Oct 2015 07:28:00 GMT'],
    ['retry-after', 'Sun, 15 Jun 2025 15:06:50 GMT'],
    ['retry-after', 'Fri, 31 Dec 9999 23:59:59 GMT'],
    ['content-type', 'text/html'],
    ['content-type', 'application/octet-stream'],
    ['content-type', 'application/json; charset=utf-16'],
    ['content-type', ';;;'],
    ['content-encoding', 'gzip'],
    ['content-length', '5'],
    ['x-request-id', 'req-1'],
    ['x-request-id', CANARY],
    ['location', `https://evil.test/?key=${CANARY}`],
    ['location', `//${CANARY}.test/${CANARY}#${CANARY}`],
    ['location', '::::'],
    ['set-cookie', CANARY],
  )
  return fc.record({
    status: fc.oneof(
      { weight: 12, arbitrary: fc.constantFrom(200, 200, 200, 201, 202) },
      {
        weight: 5,
        arbitrary: fc.constantFrom(
          ...[204, 301, 302, 307, 400, 401, 403, 404, 408, 409, 422, 425, 429, 500, 502, 503, 504],
        ),
      },
      { weight: 1, arbitrary: fc.integer({ min: 200, max: 599 }) },
    ),
    headers: fc.array(header, { maxLength: 4 }),
    body,
    way: fc.oneof(
      { weight: 20, arbitrary: fc.constantFrom('text', 'text', 'text', 'chunks') },
      {
        weight: 2,
        arbitrary: fc.constantFrom('break', 'hang', 'none', 'throw', 'hidden redirect', 'no response'),
      },
    ),
  }) as fc.Arbitrary<Answer>
}

/** An answer of a real server, to be mutated. */
interface RealAnswer {
  operation: string
  body: unknown
}

const post = (inputs: Record<string, string>): RequestInit => {
  const body = new FormData()
  for (const [name, value] of Object.entries(inputs)) body.append(name, value)
  return { method: 'POST', body }
}

/** What the emulator answers to each operation, in each dialect. */
export async function realAnswers(): Promise<RealAnswer[]> {
  const answers: RealAnswer[] = []
  for (const dialect of ['readme', 'openapi', 'python'] as const) {
    const emulator = createEmulator({ speed: Number.POSITIVE_INFINITY, dialect })
    const ask = async (operation: string, path: string, init: RequestInit = {}): Promise<any> => {
      const headers = { 'x-api-key': emulator.apiKey }
      const response = await emulator.fetch(`${emulator.url}/api/v1/${path}`, { ...init, headers })
      const text = await response.text()
      const body = text ? JSON.parse(text) : undefined
      if (body !== undefined) answers.push({ operation, body })
      return body
    }
    const start = async (workflow: string, inputs: Record<string, string>): Promise<string> => {
      const { data } = await ask('execute', `runs?workflow_id=${workflow}&group_id=g`, post(inputs))
      return [data].flat()[0].run_id
    }
    await ask('execute', 'runs?workflow_id=t3xtwr1ter00', post({}))
    const ended = [
      await start('t3xtwr1ter00', { prompt: 'a' }),
      await start('d1ptych7two2', { prompt: 'b' }),
      await start('fa1lsa1ways0', { message: 'no' }),
    ]
    const endless = await start('nev3rend5run', {})
    while (ended.some((runId) => !/completed|failed/.test(emulator.stateOf(runId)?.status ?? ''))) {
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    for (const runId of [...ended, endless]) {
      const { data } = await ask('run', `runs/${runId}`)
      for (const { filename } of data.outputs ?? []) await ask('output', `runs/output?filename=${filename}`)
    }
    await ask('cancel', `runs/${endless}/cancel`, { method: 'POST' })
    await ask('health', 'comfy/health')
    await ask('queue', 'comfy/queue')
    await ask('workflows', 'comfy/workflows')
    await ask('runs', 'runs?group_id=g')
    await ask('output', 'runs/output?filename=none')
    await ask('run', 'runs/none')
    emulator.close()
  }
  return answers
}

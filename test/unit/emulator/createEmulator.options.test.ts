import { createEmulator } from '@flowscale/emulator'
import { serve } from '@flowscale/emulator/node'
import { assert, rejects, suite, throws } from '#test'
import { type Api, ended, open } from './kit.ts'

const test = suite('options')

function refused(options: object, name: string): void {
  assert.match(throws(() => createEmulator(options), TypeError).message, name)
}

test('bad values are TypeErrors that name the option', () => {
  refused({ apikey: 'x' }, '"apikey"')
  for (const value of ['', 'a b', 'ä', 5, null]) refused({ apiKey: value }, '"apiKey"')
  for (const value of [Number.NaN, '1', null]) refused({ seed: value }, '"seed"')
  for (const value of [0, 1.5, '2', 101, null]) refused({ containers: value }, '"containers"')
  for (const value of [0, -1, Number.NaN, '2', null]) refused({ speed: value }, '"speed"')
  for (const value of ['Readme', '', null]) refused({ dialect: value }, '"dialect"')
  for (const value of [0, -1, 1.5, null]) refused({ maxRuns: value }, '"maxRuns"')
  for (const value of [0, -1, Number.POSITIVE_INFINITY, null]) refused({ urlTtlMs: value }, '"urlTtlMs"')
  for (const value of ['http://127.0.0.1:3000', null]) refused({ onWebhook: value }, '"onWebhook"')
  for (const value of [{}, null, 'x']) refused({ workflows: value }, '"workflows"')
  throws(() => createEmulator(null as never), TypeError)
})

test('the key is not repeated in the error', () => {
  const { message } = throws(() => createEmulator({ apiKey: 'my secret' }), TypeError)
  assert.not.match(message, 'my secret')
})

test('undefined is the default', () => {
  const { apiKey, url, filesUrl } = createEmulator({ apiKey: undefined, speed: undefined })
  assert.equal(
    [apiKey, url, filesUrl],
    ['fsk_local_demo_key', 'http://flowscale.test', 'http://files.flowscale.test'],
  )
})

test('bad workflows', () => {
  const good = { id: 'x', name: 'X', description: 'x', inputs: {}, outputs: {}, run: () => ({}) }
  const broken = (change: object, name: string): void =>
    refused({ workflows: [good, { ...good, id: 'y', ...change }] }, name)
  broken({ id: '' }, 'workflows[1].id')
  broken({ name: 5 }, 'workflows[1].name')
  broken({ description: undefined }, 'workflows[1].description')
  broken({ inputs: [] }, 'workflows[1].inputs')
  broken({ inputs: { a: 'text' } }, 'workflows[1].inputs.a')
  broken({ inputs: { a: { kind: 'string', optional: true } } }, 'workflows[1].inputs.a.optional')
  broken({ inputs: { a: { kind: 'string', required: 1 } } }, 'workflows[1].inputs.a.required')
  broken({ inputs: { a: { array: true } } }, 'workflows[1].inputs.a.kind')
  broken({ outputs: { a: 'picture' } }, 'workflows[1].outputs.a')
  broken({ run: 'x' }, 'workflows[1].run')
  broken({ extra: 1 }, 'workflows[1].extra')
  broken({ id: 'x' }, '"x"')
  broken({ namesFiles: 'yes' }, 'workflows[1].namesFiles')
  const input = (about: object, name: string): void =>
    broken({ inputs: { a: about } }, `workflows[1].inputs.a.${name}`)
  input({ kind: 'number', min: '1' }, 'min')
  input({ kind: 'number', min: 2, max: 1 }, 'min')
  input({ kind: 'string', max: 1 }, 'max')
  input({ kind: 'string', integer: true }, 'integer')
  input({ kind: 'string', options: [] }, 'options')
  input({ kind: 'string', options: ['a', 1] }, 'options')
  input({ kind: 'image', options: ['a'] }, 'options')
  input({ kind: 'string', default: 1 }, 'default')
  input({ kind: 'image', default: 'a.png' }, 'default')
  input({ kind: 'string', array: true, default: 'a' }, 'default')
  input({ kind: 'string', required: true, default: 'a' }, 'default')
  input({ kind: 'boolean', required: true, default: false }, 'default')
  input({ kind: 'string', description: 1 }, 'description')
  input({ kind: 'string', seed: true }, 'seed')
  input({ kind: 'number', seed: true, required: true }, 'seed')
  refused({ workflows: [null] }, 'workflows[0]')
})

test('serve: bad values are TypeErrors that name the option', async () => {
  const emulator = createEmulator()
  for (const [options, name] of [
    [{ prot: 1 }, '"prot"'],
    [{ apiKey: 'x' }, '"apiKey"'],
    [{ port: -1 }, '"port"'],
    [{ port: '80' }, '"port"'],
    [{ port: 65536 }, '"port"'],
    [{ filesPort: 1.5 }, '"filesPort"'],
    [{ port: 4000, filesPort: 4000 }, '"filesPort"'],
    [{ hostname: '' }, '"hostname"'],
    [{ maxBodyBytes: 0 }, '"maxBodyBytes"'],
    [{ socket: 1 }, '"socket"'],
    [{ socket: { refuse: 200 } }, '"socket.refuse"'],
    [{ socket: { lose: 1 } }, '"socket.lose"'],
  ] as const) {
    assert.match((await rejects(serve(emulator, options as object), TypeError)).message, name)
  }
})

interface Story {
  ids: string[]
  names: string[]
  randoms: unknown[]
  requestIds: (string | null)[]
  signature: string
}

async function story(seed: number, polls: number): Promise<Story> {
  const randoms: unknown[] = []
  const api: Api = await open('emulator.fetch', {
    seed,
    workflows: [
      {
        id: 'dice',
        name: 'Dice',
        description: 'Rolls',
        inputs: {},
        outputs: { text: 'file' },
        run(_, { random }) {
          randoms.push([random(), random()])
          return { text: { data: new Uint8Array(1), type: 'text/plain' } }
        },
      },
    ],
  })
  const ids: string[] = []
  const names: string[] = []
  const requestIds: Story['requestIds'] = []
  for (let i = 0; i < 3; i++) {
    const { body, headers } = await api.post('/api/v1/runs?workflow_id=dice')
    if (i === 0) requestIds.push(headers.get('x-request-id'))
    ids.push(body.data.run_id)
    names.push(...body.data.output_names)
    for (let poll = 0; poll < polls; poll++) await api.get('/api/v1/comfy/health')
    await ended(api, body.data.run_id)
  }
  // The time is part of what is signed.
  const { now } = Date
  Date.now = () => 1_800_000_000_000
  const run = await api.state(ids[0]!)
  Date.now = now
  await api.close()
  return { ids, names, randoms, requestIds, signature: new URL(run.outputs[0].url).search }
}

test('one seed gives one story, however often is polled; another seed another', async () => {
  const first = await story(1, 0)
  assert.equal(await story(1, 5), first)
  assert.is(new Set(first.ids).size, 3)
  assert.is(new Set(first.names).size, 3)
  assert.is(new Set(first.randoms.flat()).size, 6)
  const other = await story(2, 0)
  for (const key of ['ids', 'names', 'randoms', 'requestIds', 'signature'] as const) {
    assert.not.equal(other[key], first[key], key)
  }
})

test('speed divides durations', async () => {
  // Every timer is recorded and fires at once.
  const { setTimeout } = globalThis
  const asked: number[] = []
  globalThis.setTimeout = ((callback: () => void, ms: number) => {
    asked.push(ms)
    return setTimeout(callback, 0)
  }) as typeof setTimeout
  try {
    for (const [speed, ms] of [
      [1, 500],
      [4, 125],
      [0.5, 1000],
      [Number.POSITIVE_INFINITY, 0],
      [1e-9, 2 ** 31 - 1],
    ] as const) {
      asked.length = 0
      const api = await open('emulator.fetch', { speed })
      const id = await api.run('fa1lsa1ways0')
      while ((await api.state(id)).status === 'running')
        await new Promise((resolve) => setTimeout(resolve, 1))
      assert.equal(asked, [0, ms])
    }
  } finally {
    globalThis.setTimeout = setTimeout
  }
})

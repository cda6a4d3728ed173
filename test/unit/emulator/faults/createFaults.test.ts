import { createEmulator, type FaultKind, type FaultOptions, type FaultRequest } from '@flowscale/emulator'
import { serve } from '@flowscale/emulator/node'
import { WebSocket } from 'ws'
import { assert, said, suite, throws } from '#test'
import { faultTable } from '../../../../packages/emulator/src/faults/table.ts'
import { until } from '../../../support/until.ts'
import { type Api, ended, form, open, TRANSPORTS, type Transport } from '../kit.ts'
import { addressOf, closed, connected, dial, has, KEY } from '../node/dial.ts'

const test = suite('faults')
const EXECUTE = '/api/v1/runs?workflow_id=t3xtwr1ter00'
const HEADERS = { 'X-API-KEY': KEY }

interface Seen {
  /** What `fetch` or the body rejected with. */
  error?: string
  code?: string
  /** Headers came. */
  status?: number
  headers?: Headers
  text?: string
  /** Runs that were started. */
  started: number
}

/** One request, and what came of it; one that hangs is given up a little after `hangs` is true of it. */
async function ask(
  api: Api,
  path: string,
  init: RequestInit = {},
  hangs: (seen: Seen) => boolean = () => false,
): Promise<Seen> {
  const seen: Seen = { started: 0 }
  const control = new AbortController()
  const giveUp = (): void => control.abort(new Error('gave up'))
  let timer = setTimeout(giveUp, 20_000)
  const watch = setInterval(() => {
    if (!hangs(seen)) return
    clearInterval(watch)
    clearTimeout(timer)
    timer = setTimeout(giveUp, 50)
  }, 10)
  const before = api.emulator.stats.runsStarted
  try {
    const { signal } = control
    const response = await api.fetch(api.url + path, {
      headers: HEADERS,
      redirect: 'manual',
      signal,
      ...init,
    })
    seen.status = response.status
    seen.headers = response.headers
    seen.text = await response.text()
  } catch (error) {
    const { message, cause } = error as Error & { cause?: { code?: string } }
    seen.error = message
    if (cause?.code) seen.code = cause.code
  } finally {
    clearInterval(watch)
    clearTimeout(timer)
  }
  seen.started = api.emulator.stats.runsStarted - before
  return seen
}

const post = (): RequestInit => ({ method: 'POST', body: form({ prompt: 'x' }) })
const executed = (api: Api, hangs?: (seen: Seen) => boolean): Promise<Seen> =>
  ask(api, EXECUTE, post(), hangs)

/** An emulator whose every request of the operation that fits first meets the fault. */
async function opened(transport: Transport, kind: FaultKind, more: FaultOptions = {}): Promise<Api> {
  const plan = ({ operation }: FaultRequest): FaultKind | undefined =>
    faultTable[kind].operations.includes(operation) ? kind : undefined
  return await open(transport, { faults: { plan, ...more } })
}

const json = ({ text }: Seen): any => JSON.parse(text!)
const after = (value: string | RegExp) => (seen: Seen) => {
  assert.is(seen.status, 429)
  assert.match(seen.headers!.get('retry-after')!, value)
  assert.is(seen.started, 0)
}
const status = (code: number, started: number, type?: string) => (seen: Seen) => {
  assert.equal([seen.status, seen.started], [code, started])
  if (type) assert.is(seen.headers!.get('content-type'), type)
}
const broken = (started: number) => (seen: Seen, transport: Transport) => {
  assert.is(seen.started, started)
  assert.is(seen.status, undefined)
  assert.is(seen.error, 'fetch failed')
  if (transport === 'http') assert.ok(['ECONNRESET', 'UND_ERR_SOCKET'].includes(seen.code!), seen.code)
}
const silent = (started: number, code?: number) => (seen: Seen) => {
  assert.equal([seen.started, seen.status, seen.error], [started, code, 'gave up'])
}
const redirect = (code: number, location: RegExp) => (seen: Seen) => {
  assert.equal([seen.status, seen.started], [code, 0])
  assert.match(seen.headers!.get('location')!, location)
}

type Check = (seen: Seen, transport: Transport, api: Api) => void

/** What spoils states is shown below, and sockets in `node/sockets.test.ts`. The compiler misses a kind without a check. */
type OfState = 'backwards' | 'unknown-state' | 'vanished' | 'no-url' | 'list-late'
type OfRequest = Exclude<FaultKind, OfState | `socket-${string}` | `frame-${string}` | `webhook-${string}`>

/** By an execute request. */
const ofExecute: Record<OfRequest, Check> = {
  refused(seen, transport) {
    broken(0)(seen, transport)
    if (transport !== 'http') assert.is(seen.code, 'ECONNREFUSED')
  },
  'reset-early': broken(0),
  'reset-late': broken(1),
  'reset-midway'(seen, transport) {
    assert.is(seen.started, 1)
    // A reset may overtake what was sent before.
    assert.ok(/^(terminated|fetch failed)$/.test(seen.error!), seen.error)
    if (transport !== 'http') assert.equal([seen.status, seen.code], [200, 'ECONNRESET'])
  },
  'hang-early': silent(0),
  'hang-late': silent(1),
  'hang-body': silent(1, 200),
  drip: silent(1, 200),
  'http-408': status(408, 0),
  'http-425': status(425, 0),
  'http-429-seconds': after('1'),
  'http-429-date': after(/ GMT$/),
  'http-429-absurd': after(/^9{30}$/),
  'http-429-negative': after('-5'),
  'http-429-garbage': after('soon'),
  'http-429-year': after('31536000'),
  'http-500': status(500, 0),
  'http-502-html': status(502, 0, 'text/html'),
  'http-503-early': status(503, 0),
  'http-503-late': status(503, 1),
  'http-504': status(504, 1, 'text/html'),
  truncated(seen) {
    status(200, 1, 'application/json')(seen)
    assert.match(seen.text!, /^\{"status":/)
    assert.throws(() => json(seen), SyntaxError)
  },
  html(seen) {
    status(200, 1, 'text/html')(seen)
    assert.match(seen.text!, '<html>')
  },
  empty(seen) {
    status(200, 1)(seen)
    assert.is(seen.text, '')
  },
  bom: (seen) => void assert.match(json(seen).data.run_id, /-/),
  'wrong-type'(seen) {
    status(200, 1, 'image/png')(seen)
    assert.match(json(seen).data.run_id, /-/)
  },
  huge(seen) {
    assert.ok(seen.text!.length > 4 * 1024 * 1024)
    assert.match(json(seen).data.run_id, /-/)
  },
  'error-envelope'(seen) {
    status(200, 0)(seen)
    assert.is(json(seen).status, 'error')
  },
  'missing-fields': (seen) => void assert.equal([json(seen).data, seen.started], [{}, 1]),
  'wrong-fields'(seen) {
    const { data, status } = json(seen)
    assert.equal([status, data.run_id, data.number, data.output_names], ['success', false, {}, 'a list'])
    assert.is(seen.started, 1)
  },
  'no-content': status(204, 1),
  'redirect-self': redirect(302, /\/api\/v1\/runs\?workflow_id=t3xtwr1ter00$/),
  'redirect-elsewhere'(seen, _, { filesUrl }) {
    redirect(307, /\/api\/v1\/runs\?/)(seen)
    assert.ok(seen.headers!.get('location')!.startsWith(filesUrl))
  },
  'redirect-loop': redirect(307, /hop=1/),
  'redirect-http': redirect(301, /^http:/),
}

/** Of a stream these spoil more than the start, as unit/emulator/faults/events shows. */
const OF_STREAMS = ['reset-midway', 'hang-body', 'drip']

for (const transport of TRANSPORTS) {
  for (const [kind, check] of Object.entries(ofExecute) as [FaultKind, Check][]) {
    test(`${transport}: ${kind}`, async () => {
      const faults: FaultOptions = {}
      const api = await open(transport, { faults })
      const { stats, ledger } = api.emulator
      const endless = await api.run('nev3rend5run')
      const { operations } = faultTable[kind]
      faults.plan = ({ operation }) => (operations.includes(operation) ? kind : undefined)
      // What hangs does so once its run was started and its headers came, where they do.
      const hangs = ({ status }: Seen): boolean =>
        /^(hang|drip)/.test(kind) &&
        !!ledger.faults[kind] &&
        (kind !== 'hang-late' || stats.runsStarted > 1) &&
        (!/^(hang-body|drip)$/.test(kind) || !!status)
      try {
        const seen = await executed(api, hangs)
        check(seen, transport, api)
        assert.equal([ledger.faults[kind], ledger.runs.length], [1, stats.runsStarted])
        if (!operations.includes('connectEvents') || OF_STREAMS.includes(kind)) return
        const shown = ({ status, headers, error }: Seen) => [status, headers?.get('content-type'), error]
        assert.equal(shown(await ask(api, `/api/v1/runs/${endless}/events`, {}, hangs)), shown(seen))
        assert.is(ledger.faults[kind], 2)
      } finally {
        await api.close()
      }
    })
  }

  /** A run that has ended, seen through the fault. */
  async function runUnder(kind: FaultKind): Promise<{ api: Api; seen: Seen; name: string }> {
    const faults: FaultOptions = { plan: () => undefined }
    const api = await open(transport, { faults })
    const id = await api.run('t3xtwr1ter00', { prompt: 'x' })
    const { outputs } = await ended(api, id)
    faults.plan = () => kind
    return { api, seen: await ask(api, `/api/v1/runs/${id}`, {}), name: outputs[0].filename }
  }

  test(`${transport}: states`, async () => {
    for (const [kind, look] of [
      ['backwards', ({ data }: any) => assert.equal([data.status, data.outputs], ['queued', []])],
      ['unknown-state', ({ data }: any) => assert.is(data.status, 'warming_up')],
      ['vanished', ({ errors }: any) => assert.equal(errors, ['Run not found'])],
      ['no-url', ({ data }: any) => assert.equal(Object.keys(data.outputs[0]), ['filename'])],
    ] as [FaultKind, (body: any) => void][]) {
      const { api, seen, name } = await runUnder(kind)
      assert.is(seen.status, kind === 'vanished' ? 404 : 200)
      look(json(seen))
      assert.is(api.emulator.ledger.faults[kind], 1)
      if (kind === 'no-url') {
        const output = json(await ask(api, `/api/v1/runs/output?filename=${name}`, {}))
        const { text, ...data } = output.data
        assert.equal([data, typeof text], [{ download_url: null, generation_status: 'success' }, 'string'])
      }
      await api.close()
    }
  })

  test(`${transport}: a run that has vanished is nowhere`, async () => {
    const faults: FaultOptions = { chance: 0 }
    const api = await open(transport, { faults })
    const id = await api.run('t3xtwr1ter00', { prompt: 'x' })
    const [{ filename, url }] = (await ended(api, id)).outputs
    const file = url.replace(api.filesUrl, '')
    faults.plan = () => 'vanished'
    for (const [path, init] of [
      [`/api/v1/runs/output?filename=${filename}`, {}],
      [`/api/v1/runs/${id}/events`, {}],
      [`/api/v1/runs/${id}/cancel`, { method: 'POST' }],
    ] as const) {
      assert.is((await ask(api, path, init)).status, 404, path)
    }
    assert.is((await ask({ ...api, url: api.filesUrl }, file, { headers: {} })).status, 404)
    assert.is(api.emulator.ledger.faults.vanished, 4)
    await api.close()
  })

  test(`${transport}: a list that is late lacks a run for 1.5 seconds`, async () => {
    const faults: FaultOptions = { kinds: ['list-late'], chance: 1 }
    const api = await open(transport, { faults })
    const { now } = Date
    let time = now()
    Date.now = () => time
    try {
      const first = await api.run('t3xtwr1ter00', { prompt: 'x' }, 'g')
      time += 1500
      const second = await api.run('t3xtwr1ter00', { prompt: 'x' }, 'g')
      const listed = async (): Promise<unknown> => {
        const { count, runs } = (await api.get('/api/v1/runs?group_id=g')).body.data
        return [count, runs.map((run: { _id: string }) => run._id)]
      }
      assert.equal(await listed(), [1, [first]])
      assert.is((await api.state(second))._id, second)
      assert.is(api.emulator.ledger.faults['list-late'], 1)
      time += 1500
      assert.equal(await listed(), [2, [second, first]])
      assert.is(api.emulator.ledger.faults['list-late'], 1)
    } finally {
      Date.now = now
      await api.close()
    }
  })

  test(`${transport}: a refusal, which leaves nothing to spoil, is handled once`, async () => {
    const api = await opened(transport, 'truncated')
    const seen = await ask(api, EXECUTE, { method: 'POST', body: form({ nothing: 'x' }) })
    await api.close()
    assert.equal([seen.status, api.emulator.ledger.faults], [422, {}])
  })

  test(`${transport}: close() ends what hangs`, async () => {
    const api = await opened(transport, 'hang-late')
    const pending = executed(api)
    await until(() => api.emulator.stats.runsStarted)
    await new Promise((resolve) => setTimeout(resolve, 20))
    await api.close()
    assert.is((await pending).error, 'fetch failed')
  })

  test(`${transport}: a drip that is read to its end is the whole answer`, async () => {
    const api = await opened(transport, 'drip', { operations: ['getQueue'] })
    const { setInterval } = globalThis
    globalThis.setInterval = ((callback: () => void) => setInterval(callback, 1)) as typeof setInterval
    try {
      assert.is(json(await ask(api, '/api/v1/comfy/queue', {})).status, 'success')
    } finally {
      globalThis.setInterval = setInterval
      await api.close()
    }
  })

  test(`${transport}: the ledger`, async () => {
    const api = await open(transport)
    const run = await api.post(`${EXECUTE}&group_id=g1`, form({ prompt: 'x' }))
    const { run_id } = run.body.data
    const { outputs } = await ended(api, run_id)
    const { ledger } = api.emulator
    const requestId = run.headers.get('x-request-id')
    assert.equal(ledger.runs, [{ runId: run_id, workflowId: 't3xtwr1ter00', groupId: 'g1', requestId }])
    await api.fetch(outputs[0].url).then((response) => response.text())
    assert.equal(ledger.results, { [run_id]: 1 })
    assert.ok(ledger.keys.header > 1)
    assert.equal(ledger.keys.elsewhere, {})
    await api.fetch(outputs[0].url, { headers: HEADERS }).then((response) => response.text())
    await ask(api, `/api/v1/runs?x=${KEY}`, { headers: { ...HEADERS, Authorization: `Bearer ${KEY}` } })
    assert.equal(ledger.keys.elsewhere, {
      'header x-api-key to the files': 1,
      'header authorization to the API': 1,
      'query of the API/api/v1/runs': 1,
    })
    assert.is(JSON.parse(JSON.stringify(ledger)).results[run_id], 1)
    await api.close()
  })
}

test('redirect-http leads from https to http, redirect-elsewhere to another origin', async () => {
  const faults: FaultOptions = { plan: () => 'redirect-http' }
  const { handle, filesUrl } = createEmulator({ faults })
  const locationOf = async (url: string): Promise<string | null> => {
    const { headers } = await handle(new Request(url, { headers: HEADERS }), { filesUrl })
    return headers.get('location')
  }
  const path = '/api/v1/comfy/health?x=https://a.test'
  assert.is(await locationOf(`https://pod.test${path}`), `http://pod.test${path}`)
  faults.plan = () => 'redirect-elsewhere'
  assert.is(await locationOf(`https://pod.test${path}`), filesUrl + path)
})

test('on a real socket a reset is a reset, and what is refused is closed without one', async () => {
  for (const [kind, code] of [
    ['refused', 'UND_ERR_SOCKET'],
    ['reset-early', 'ECONNRESET'],
    ['reset-late', 'ECONNRESET'],
  ] as [FaultKind, string][]) {
    const api = await opened('http', kind)
    // Without a body: one that was not read makes a reset of any end.
    assert.is((await ask(api, '/api/v1/comfy/queue', {})).code, code, kind)
    await api.close()
  }
})

/** The kinds that a fixed list of requests met. */
async function met(faults: FaultOptions, order: number[]): Promise<(FaultKind | undefined)[]> {
  const kinds: (FaultKind | undefined)[] = []
  let at = 0
  let note = (): void => {}
  const emulator = createEmulator({
    faults: {
      ...faults,
      onFault: (kind) => {
        kinds[at] = kind
        note()
      },
    },
  })
  for (at of order) {
    // Ten targets, asked for in turn.
    const path = `/api/v1/runs/${at % 10}`
    const control = new AbortController()
    const { signal } = control
    const isNoted = new Promise<void>((resolve) => {
      note = resolve
    })
    const pending = emulator.fetch(emulator.url + path, { headers: HEADERS, redirect: 'manual', signal })
    // What hangs has been noted by then.
    await Promise.race([pending, isNoted]).catch(() => {})
    control.abort()
    await pending.catch(() => {})
  }
  emulator.close()
  return Array.from({ length: order.length }, (_, index) => kinds[index])
}

test('one seed, one story, in whatever order targets are asked for; another seed another', async () => {
  const order = Array.from({ length: 60 }, (_, index) => index)
  const other = [...order].sort((one, two) => (one % 10) - (two % 10) || one - two)
  const first = await met({ seed: 7, chance: 0.5 }, order)
  assert.ok(new Set(first).size > 8)
  assert.ok(first.filter(Boolean).length > 15 && first.filter(Boolean).length < 45)
  assert.equal(await met({ seed: 7, chance: 0.5 }, other), first)
  assert.not.equal(await met({ seed: 8, chance: 0.5 }, order), first)
})

test('the plan comes first, chance decides on the rest; the object is read at each use', async () => {
  const asked: FaultRequest[] = []
  const faults: FaultOptions = {
    plan(request) {
      asked.push(request)
      return request.attempt === 1 ? 'http-500' : undefined
    },
    kinds: ['http-503-early', 'frame-late'],
    operations: ['checkHealth'],
  }
  const api = await open('emulator.fetch', { faults })
  const statuses = async (path: string): Promise<number[]> => [
    (await api.get(path)).status,
    (await api.get(path)).status,
  ]
  assert.equal(await statuses('/api/v1/comfy/health'), [500, 200])
  faults.chance = 1
  assert.equal(await statuses('/api/v1/comfy/queue'), [500, 200])
  assert.equal(await statuses('/api/v1/comfy/health'), [503, 503])
  assert.equal(asked[4], { operation: 'checkHealth', attempt: 3, number: 3, target: '/api/v1/comfy/health' })
  faults.chance = 0
  assert.equal(await statuses('/api/v1/comfy/health'), [200, 200])
  faults.plan = () => 'frame-late'
  const { status, body } = await api.get('/api/v1/comfy/health')
  assert.is(status, 500)
  said(body.errors[0])
})

test('emulator.fetch follows redirects, or refuses to, as the global fetch does', async () => {
  const first: FaultOptions = {}
  const api = await open('emulator.fetch', { faults: first })
  const url = api.url + EXECUTE
  const why = async (init: RequestInit): Promise<string> => {
    try {
      return `${(await api.fetch(url, { ...init, headers: HEADERS })).status}`
    } catch (error) {
      return `${(error as Error).message}: ${((error as Error).cause as Error).message}`
    }
  }
  first.plan = ({ attempt, target }) =>
    attempt === 1 && !target.includes('hop') ? 'redirect-loop' : undefined
  assert.is(await why(post()), '200')
  assert.is(api.emulator.stats.runsStarted, 1)
  first.plan = () => 'redirect-self'
  // A 302 turns a POST into a GET, which lists runs.
  assert.is(await why({ ...post(), redirect: 'manual' }), '302')
  assert.is(await why({ ...post(), redirect: 'error' }), 'fetch failed: unexpected redirect')
  assert.is(await why(post()), 'fetch failed: redirect count exceeded')
  assert.is(api.emulator.ledger.faults['redirect-self'], 23)
  first.plan = ({ operation }) => (operation === 'executeWorkflow' ? 'redirect-elsewhere' : undefined)
  // The files refuse whoever brings a key.
  assert.is(await why(post()), '400')
  assert.equal(Object.keys(api.emulator.ledger.keys.elsewhere), ['header x-api-key to the files'])
  // A HEAD of a Request stays one: a GET would bring the text of the refusal.
  first.plan = ({ attempt }) => (attempt === 1 ? 'redirect-self' : undefined)
  const head = await api.fetch(new Request(`${api.emulator.filesUrl}/generations/a/b`, { method: 'HEAD' }))
  assert.equal([head.status, await head.text()], [403, ''])
  await api.close()
})

test('bad options are TypeErrors that name the option', () => {
  for (const [faults, name] of [
    [null, '"faults"'],
    [5, '"faults"'],
    [[], '"faults"'],
    [{ chanse: 1 }, '"faults.chanse"'],
    [{ seed: Number.NaN }, '"faults.seed"'],
    [{ chance: 1.1 }, '"faults.chance"'],
    [{ chance: '1' }, '"faults.chance"'],
    [{ kinds: [] }, '"faults.kinds"'],
    [{ kinds: ['http-418'] }, '"faults.kinds[0]"'],
    [{ operations: ['getRun', 'execute'] }, '"faults.operations[1]"'],
    [{ plan: 'x' }, '"faults.plan"'],
    [{ onFault: 1 }, '"faults.onFault"'],
  ] as const) {
    assert.match(throws(() => createEmulator({ faults } as object), TypeError).message, name)
  }
})

/** A served emulator with a client of its WebSocket, and a run that has been made by then. */
async function pushed(kind: FaultKind, length: number) {
  const emulator = createEmulator({
    speed: Number.POSITIVE_INFINITY,
    faults: {
      plan: ({ operation, number }) =>
        faultTable[kind].operations.includes(operation) && number === 1 ? kind : undefined,
    },
  })
  const served = await serve(emulator)
  const client = dial(addressOf(served.url))
  const raw: string[] = []
  client.socket.removeAllListeners('message')
  client.socket.on('message', (data) => raw.push(String(data)))
  await until(() => client.socket.readyState === WebSocket.OPEN)
  await emulator.fetch(`${emulator.url}${EXECUTE}`, { headers: HEADERS, ...post() })
  await until(() => raw.length >= length)
  const states = raw.map((text) => {
    try {
      const { data, padding = '' } = JSON.parse(text)
      return `${data.status} ${data.progress}${padding && ' padded'}`
    } catch {
      return 'malformed'
    }
  })
  const { ledger } = emulator
  emulator.close()
  await served.close()
  return { states, ledger, raw }
}

test('frames', async () => {
  const duplicate = await pushed('frame-duplicate', 5)
  assert.equal(duplicate.states.slice(0, 3), ['queued 0', 'queued 0', 'running 0'])
  assert.is(duplicate.ledger.faults['frame-duplicate'], 1)
  assert.equal((await pushed('frame-reordered', 3)).states.slice(0, 2), ['running 0', 'queued 0'])
  assert.equal((await pushed('frame-malformed', 2)).states.slice(0, 2), ['malformed', 'running 0'])
  const giant = await pushed('frame-giant', 2)
  assert.equal(giant.states.slice(0, 2), ['queued 0 padded', 'running 0'])
  assert.ok(giant.raw[0]!.length > 1024 * 1024)
  const late = await pushed('frame-late', 3)
  assert.is(late.states[0], 'running 0')
})

test('a late frame comes, a silent socket is silent, one that closes at once can be dialled again', async () => {
  const faults: FaultOptions = {
    plan: ({ operation }) => (operation === 'connect' ? 'socket-silent' : undefined),
  }
  const emulator = createEmulator({ speed: Number.POSITIVE_INFINITY, faults })
  const served = await serve(emulator)
  const silent = await connected(served.url)
  let ponged = false
  silent.socket.on('pong', () => {
    ponged = true
  })
  silent.socket.ping()
  faults.plan = ({ operation }) => (operation === 'connect' ? 'socket-closed' : undefined)
  const shut = dial(addressOf(served.url))
  assert.is(await closed(shut), 1011)
  faults.plan = ({ operation, number }) =>
    operation === 'message' && number === 1 ? 'frame-late' : undefined
  const { setTimeout } = globalThis
  globalThis.setTimeout = ((callback: () => void, ms: number) =>
    setTimeout(callback, Math.min(ms, 30))) as typeof setTimeout
  try {
    const good = await connected(served.url)
    await emulator.fetch(`${emulator.url}${EXECUTE}`, { headers: HEADERS, ...post() })
    await has(good, 3)
    await until(() => good.told().includes('queued 0'))
    assert.is(good.told()[0], 'running 0')
  } finally {
    globalThis.setTimeout = setTimeout
  }
  assert.equal(emulator.ledger.faults, { 'socket-silent': 1, 'socket-closed': 1, 'frame-late': 1 })
  assert.equal([silent.messages, ponged, served.sockets], [[], false, 2])
  assert.equal(emulator.ledger.keys, { header: 4, elsewhere: {} })
  emulator.close()
  await served.close()
})

test('a key in the query of a handshake is noted', async () => {
  const emulator = createEmulator()
  const served = await serve(emulator)
  const client = dial(`${addressOf(served.url)}?api_key=${KEY}`, {})
  await until(() => client.socket.readyState === WebSocket.OPEN)
  assert.equal(emulator.ledger.keys, { header: 0, elsewhere: { 'query of the API/api/v1/ws': 1 } })
  await served.close()
})

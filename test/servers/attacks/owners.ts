import { WebSocket } from 'ws'
import { operations } from '../../../packages/gateway/src/internal.ts'
import { until } from '../../support/until.ts'
import { expect } from './send.ts'
import type { Answer, Target } from './types.ts'

/** The group of both owners. */
export const GROUP = 'one group'
/** An input of the attacked owner. */
export const SECRET = 'a secret of the shop'
/** The workflow that the attacker may not use. */
export const CLOSED = 'pair'

export interface Run {
  readonly id: string
  readonly file: string
  readonly link: string
}

/** One key attacks the runs of another. */
export interface Owned extends Pick<Target, 'port' | 'key'> {
  readonly shop: string
  readonly admin: string
  /** The ids of the shop's runs, by their state. */
  readonly prey: { readonly over: Run; readonly running: string; readonly waiting: string }
  /** A run of the attacker that is over. */
  readonly over: Run
  /** The key of each run. */
  readonly all: Map<string, string>
}

export interface OwnerAttack {
  readonly what: string
  readonly needsQueue?: boolean
  run(target: Owned): Promise<Answer>
}

type Init = RequestInit & { readonly key?: string }

export async function call({ port, key }: Owned, path: string, { key: other, ...init }: Init = {}) {
  const headers = { 'x-api-key': other ?? key, ...(init.headers as object) }
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, { redirect: 'manual', ...init, headers })
  const { status } = answer
  return { status, headers: JSON.stringify([...answer.headers]), body: await answer.text() }
}

/** Starts a run as the attacker or another. */
export async function start(target: Owned, id: string, { headers, ...init }: Init = {}, text = 'a') {
  const body = JSON.stringify(id === 'quick' ? { text } : {})
  const path = `/api/v1/workflows/${id}/runs?group_id=${encodeURIComponent(GROUP)}`
  const json = { 'content-type': 'application/json', ...(headers as object) }
  const answer = await call(target, path, { method: 'POST', body, headers: json, ...init })
  const run = JSON.parse(answer.body).data
  if (answer.status === 200) {
    target.all.set(run.run_id, init.key ?? target.key)
  }
  return { answer, id: run?.run_id as string, run }
}

/** Starts a run and waits for its end. */
export async function finish(target: Owned, init: Init = {}, text?: string): Promise<Run> {
  const headers = { prefer: 'wait=60', ...(init.headers as object) }
  const { id, run, answer } = await start(target, 'quick', { ...init, headers }, text)
  expect(answer, 200)
  return { id, file: run.outputs[0].filename, link: run.outputs[0].url }
}

/** The ids of the runs that a key has started. */
export const startedBy = ({ all }: Owned, key: string): string[] =>
  [...all.keys()].filter((id) => all.get(id) === key)

const idsOf = ({ prey }: Owned): string[] => [prey.over.id, prey.running, prey.waiting]

/** Nothing of the shop may be told. */
export function checkTold(target: Owned, { headers, body }: Answer, what = 'the answer'): void {
  const told = `${headers}\n${body}`
  const shown = [...idsOf(target), SECRET, target.shop, target.admin].find((text) => told.includes(text))
  if (shown !== undefined)
    throw new Error(`${what} shows ${idsOf(target).includes(shown) ? shown : 'a secret'}`)
}

function same(found: unknown, wanted: unknown, what: string): void {
  const texts = [found, wanted].map((one) => JSON.stringify(one))
  if (texts[0] !== texts[1]) throw new Error(`${what}: ${texts[0]}, not ${texts[1]}`)
}

/** A request about each of the shop's runs. `ID` and `FILE` are of that run. */
const foreign = (what: string, path: string, init: Init = {}, status = 404): OwnerAttack => ({
  what: `another's run: ${what}`,
  async run(target) {
    const answers: Answer[] = []
    for (const id of idsOf(target)) {
      const full = path.replace('ID', id).replace('UPPER', id.toUpperCase())
      const none = path.replace(/ID|UPPER/, crypto.randomUUID())
      const answer = expect(await call(target, full, init), status)
      // As of a run that is not there.
      same(answer.body, (await call(target, none, init)).body, full)
      answers.push(answer)
    }
    return answers[0]!
  },
})

const list = (what: string, query: string, hasOwn = true): OwnerAttack => ({
  what: `list: ${what}`,
  async run(target) {
    const answer = expect(await call(target, `/api/v1/runs?page=1&page_size=100&${query}`), 200)
    const { data, meta } = JSON.parse(answer.body)
    const ids = data.runs.map((run: { _id: string }) => run._id).sort()
    const own = hasOwn ? startedBy(target, target.key) : []
    same([ids, meta.total_count], [own.sort(), own.length], 'it has')
    return answer
  },
})

/** Connects, and waits until `isOver` says that enough was told. */
async function listen(
  target: Owned,
  use: (socket: WebSocket) => unknown,
  isOver: (told: string) => boolean,
  query = '',
): Promise<Answer> {
  const headers = query ? {} : { authorization: `Bearer ${target.key}` }
  const socket = new WebSocket(`ws://127.0.0.1:${target.port}/api/v1/ws${query}`, { headers })
  let body = ''
  socket.on('message', (text) => (body += text))
  await new Promise((resolve, reject) => socket.on('open', resolve).on('error', reject))
  try {
    await use(socket)
    await until(() => isOver(body))
  } finally {
    socket.terminate()
  }
  return { status: 101, headers: '', body }
}

const subscribe = (socket: WebSocket, runId: string): void =>
  socket.send(JSON.stringify({ type: 'client_event', data: { action: 'subscribe', runId } }))

const hears = (what: string, query: (key: string) => string): OwnerAttack => ({
  what: `WebSocket: ${what}`,
  async run(target) {
    const run: Record<'theirs' | 'own', string> = { theirs: '', own: '' }
    const answer = await listen(
      target,
      async () => {
        run.theirs = (await finish(target, { key: target.shop }, SECRET)).id
        // What was told before comes first.
        run.own = (await finish(target)).id
      },
      (told) => told.split(`"${run.own}"`).at(-1)!.includes('completed'),
      query(target.key),
    )
    if (answer.body.includes(run.theirs)) throw new Error("it hears of another's run")
    return answer
  },
})

/** While no run goes on for ever. */
export const early: readonly OwnerAttack[] = [
  hears('without subscriptions', () => ''),
  hears('the key in the query', (key) => `?api_key=${key}`),
  ...['a', 'other inputs'].map(
    (text): OwnerAttack => ({
      what: `Idempotency-Key: the one of another, with the input "${text}"`,
      needsQueue: true,
      async run(target) {
        const headers = { 'idempotency-key': `for ${text}`.replaceAll(' ', '-') }
        for (const key of [target.shop, target.admin]) await start(target, 'quick', { key, headers })
        const before = [...target.all.keys()]
        const { id, answer } = await start(target, 'quick', { headers }, text)
        expect(answer, 200)
        if (before.includes(id)) throw new Error("it is another's run")
        same((await start(target, 'quick', { headers }, text)).id, id, 'sent again')
        await until(async () => (await call(target, `/api/v1/runs/${id}`)).body.includes('"completed"'))
        return answer
      },
    }),
  ),
]

/** The answer about the workflow that the attacker may not use is that of a workflow that is not there. */
const closed = (what: string, path: string, status: number, init: Init = {}): OwnerAttack => ({
  what: `workflow: ${what}`,
  async run(target) {
    const answer = expect(await call(target, path.replace('ID', CLOSED), init), status)
    const none = await call(target, path.replace('ID', 'none'), init)
    same(answer.body, none.body.replaceAll("'none'", `'${CLOSED}'`), 'it tells')
    return answer
  },
})

const unlisted = (what: string, path: string): OwnerAttack => ({
  what: `workflow: ${what}`,
  async run(target) {
    const answer = expect(await call(target, path), 200)
    if (!answer.body.includes('quick')) throw new Error('its own workflows are missing')
    if (new RegExp(`["/]${CLOSED}["/]`).test(answer.body)) throw new Error('it is shown')
    return answer
  },
})

const POST = { method: 'POST' }
const json = { ...POST, body: '{}', headers: { 'content-type': 'application/json' } }

/** While the shop has a run of each state. */
export const late: readonly OwnerAttack[] = [
  foreign('read', '/api/v1/runs/ID'),
  foreign('read, in capitals', '/api/v1/runs/UPPER'),
  foreign('waited for', '/api/v1/runs/ID', { headers: { prefer: 'wait=1' } }),
  foreign('its events', '/api/v1/runs/ID/events'),
  foreign('its events, after the last one', '/api/v1/runs/ID/events', {
    headers: { 'last-event-id': 'completed' },
  }),
  foreign('cancelled', '/api/v1/runs/ID/cancel', POST),
  foreign('its output', '/api/v1/runs/output?filename=echo_ID.txt'),
  foreign('its output, without an ending', '/api/v1/runs/output?filename=echo_ID'),
  foreign('its picture', '/api/v1/runs/output?filename=image_output_ID'),
  foreign('in a list of others', '/api/v1/runs/ID,ID'),
  foreign(
    'its preview, with a signature of its own making',
    `/api/v1/runs/ID/preview?number=1&expires=9999999999999&signature=${'0'.repeat(64)}`,
    {},
    403,
  ),
  {
    what: "another's run: subscribed to",
    run: async (target) =>
      await listen(
        target,
        (socket) => [...idsOf(target), target.over.id].forEach((id) => void subscribe(socket, id)),
        (told) => told.includes(target.over.id),
      ),
  },
  {
    what: "link: to another's file, with the signature of its own",
    run: async (target) => {
      const { pathname, search } = new URL(target.over.link)
      const { over } = target.prey
      const path = pathname.replace(target.over.id, over.id).replace(target.over.file, over.file)
      return expect(await call(target, path + search), 403)
    },
  },
  {
    what: "link: to another's preview, with the signature of its own file",
    run: async (target) => {
      const { search } = new URL(target.over.link)
      const path = `/api/v1/runs/${target.prey.running}/preview${search}&number=1`
      return expect(await call(target, path), 403)
    },
  },
  list('all', ''),
  ...['created_at', 'started_at', 'completed_at'].flatMap((by) =>
    ['asc', 'desc'].map((order) => list(`by ${by}, ${order}`, `sort_by=${by}&sort_order=${order}`)),
  ),
  list('of an equal group', `group_id=${encodeURIComponent(GROUP)}`),
  ...['*', 'shop', `shop:g${GROUP}`, `../of-shop/${GROUP}`].map((group) =>
    list(`of the group ${group}`, `group_id=${encodeURIComponent(group)}`, false),
  ),
  {
    what: 'queue: the ids',
    async run(target) {
      const answer = expect(await call(target, '/api/v1/comfy/queue'), 200)
      const { body } = await call(target, '/api/v1/comfy/queue', { key: target.admin })
      const hidden = [...target.all.keys()].filter((id) => target.all.get(id) !== target.key)
      same(
        answer.body,
        hidden.reduce((text, id) => text.replaceAll(id, 'other'), body),
        'it has',
      )
      if (!answer.body.includes('"other"')) throw new Error("others' runs have no place")
      return answer
    },
  },
  unlisted('in the list', '/api/v1/comfy/workflows'),
  unlisted('in the document', '/api/v1/openapi.json'),
  closed('read', '/api/v1/workflows/ID', 404),
  closed('started', '/api/v1/workflows/ID/runs', 404, json),
  closed('started by a form', '/api/v1/runs?workflow_id=ID', 422, { ...POST, body: new FormData() }),
  ...['poll', 'send/x', 'end/x', 'inputs/x/y'].map(
    (path): OwnerAttack => ({
      what: `worker: ${path}`,
      async run(target) {
        const headers = { 'x-worker': 'gpu', 'x-worker-session': 's' }
        return expect(await call(target, `/api/v1/worker/${path}`, { ...json, headers }), 403, 404)
      },
    }),
  ),
  ...Object.values(operations)
    .filter(({ isForAdmins }) => isForAdmins)
    .map(
      ({ method, path }): OwnerAttack => ({
        what: `operators: ${method} ${path}`,
        run: async (target) => expect(await call(target, path, { method }), 403),
      }),
    ),
  {
    what: 'the hash of a key, as a key',
    run: async (target) => {
      const bytes = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(target.shop))
      return expect(await call(target, '/api/v1/runs', { key: Buffer.from(bytes).toString('hex') }), 403)
    },
  },
  {
    what: 'the name of a key, as a key',
    run: async (target) => expect(await call(target, '/api/v1/runs', { key: 'shop' }), 403),
  },
]

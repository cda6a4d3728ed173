import { createHash } from 'node:crypto'
import type { Answer, Bench, Exchange, Heard, Plan, Recording } from './bench.ts'

/** JSON in which a bare `NaN` may stand: it becomes a text. */
const readNaN = (text: string): unknown =>
  JSON.parse(text.replace(/"(?:[^"\\]|\\.)*"|\bNaN\b/g, (found) => (found === 'NaN' ? '"NaN"' : found)))

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** The first thing in which an answer differs from the recorded one. */
export function compareAnswer(
  recorded: NonNullable<Exchange['response']>,
  answer: Answer | undefined,
  place: Place,
  isDrawn: boolean,
): string | undefined {
  if (!answer) return 'there is no answer'
  if (answer.status !== recorded.status) {
    return `status: recorded ${recorded.status}, here ${answer.status} (${String(answer.body).slice(0, 300)})`
  }
  return compareHeaders(recorded, answer, isDrawn) ?? compareBody(recorded.body, answer, place, isDrawn)
}

function compareHeaders(
  { headers = {}, body }: NonNullable<Exchange['response']>,
  answer: Answer,
  isDrawn: boolean,
): string | undefined {
  const isJsonBody =
    /json/.test(headers['Content-Type'] ?? '') || (typeof body === 'object' && !isBinary(body))
  for (const [name, value] of Object.entries(headers)) {
    const got = answer.headers[name.toLowerCase()]
    if (name === 'Content-Length' && (isJsonBody || isDrawn)) continue
    if (name === 'Last-Modified' && got) continue
    const masked = (text = ''): string => {
      const raw = name === 'Content-Disposition' ? Buffer.from(text, 'latin1').toString() : text
      const tag = raw.replace(/^"[0-9a-f]+-/, '"T-')
      return (isDrawn && name === 'Etag' ? '"T-N"' : tag).replace(
        /ComfyUI_temp_[a-z]{5}/,
        'ComfyUI_temp_LLLLL',
      )
    }
    const wanted = name === 'Content-Disposition' ? Buffer.from(value).toString('latin1') : value
    if (masked(wanted) !== masked(got)) return `${name}: recorded ${value}, here ${got}`
  }
  return undefined
}

const isBinary = (body: unknown): body is { bytes: number; sha256: string; first_bytes_hex: string } =>
  typeof body === 'object' && body !== null && 'binary' in body

function compareBody(body: unknown, answer: Answer, place: Place, isDrawn: boolean): string | undefined {
  const text = String(answer.body)
  if (isBinary(body)) {
    const first = [...answer.body.subarray(0, 16)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ')
    if (isDrawn) return difference(body.first_bytes_hex.slice(0, 11), first.slice(0, 11), 'first bytes')
    const sha256 = createHash('sha256').update(answer.body).digest('hex')
    return difference(
      body,
      { binary: true, bytes: answer.body.length, sha256, first_bytes_hex: first },
      'body',
    )
  }
  if (body === '(answers as ever)') return undefined
  if (typeof body === 'string') {
    // The body of a poisoned history is no JSON, neither there nor here.
    if (!body.startsWith('{') || !/\bNaN\b/.test(body)) {
      return difference(normalise(body, place), normalise(text, place), 'body')
    }
    if (isJson(text)) return 'the body is JSON here'
    return difference(normalise(readNaN(body), place), normalise(readNaN(text), place), 'body')
  }
  if (body === undefined) return undefined
  if (!isJson(text)) return `the body is no JSON: ${text.slice(0, 300)}`
  const got = JSON.parse(text)
  const order = (body as { keys_in_order?: string[] }).keys_in_order
  if (order) return difference(order, Object.keys(got), 'keys')
  return difference(normalise(body, place), normalise(got, place), 'body')
}

const isStatus = ({ text }: Heard): boolean => (text as { type?: string } | undefined)?.type === 'status'

/** Whether a message tells of the middle of a node. */
function isStep({ text }: Heard): boolean {
  const { type, data } = (text ?? {}) as { type?: string; data?: any }
  if (type === 'progress') return true
  if (type !== 'progress_state') return false
  return Object.values<any>(data.nodes).some(({ state, value }) => state === 'running' && value > 0)
}

/** What both sides show of a message. */
function show(message: Heard): Heard {
  const { bytes: _, first_bytes_hex: __, ...rest } = message as Heard & { bytes?: unknown }
  const sid = (rest.text as any)?.data?.sid
  // An id that the server made.
  if (/^[0-9a-f]{32}$/.test(sid ?? '')) (rest.text as any).data.sid = '(made up)'
  return rest
}

/** The first thing in which a socket heard something else than the recorded one. */
export async function compareSocket(
  { comfy, sockets, names }: Bench,
  plan: Plan,
  recorded: NonNullable<Recording['websocket']>[number],
  at: number,
): Promise<string | undefined> {
  const socket = sockets[at]
  if (!socket) return 'it was never opened'
  let text = JSON.stringify(recorded.messages)
  for (const [name, here] of names) text = text.replaceAll(name, here)
  const all = JSON.parse(text) as Heard[]
  // What comes by chance counts neither for the wait nor for the comparison.
  const chosen = (messages: Heard[]): Heard[] =>
    messages.filter(
      (message) => !(plan.statusesByChance && isStatus(message)) && !(plan.stepsByChance && isStep(message)),
    )
  const wanted = chosen(all.filter((message) => message.text || message.binary))
  const deadline = Date.now() + 30_000
  while (chosen(socket.messages).length < wanted.length && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  const end = all.find(({ socket_state }) => socket_state)?.socket_state
  const code = end ? await socket.closed : await socket.close()
  if (end && end !== `closed, code ${code}`) return `recorded ${end}, here closed, code ${code}`
  const shownOf = (messages: Heard[]): unknown => normalise(messages.map(show), comfy)
  return difference(shownOf(wanted), shownOf(chosen(socket.messages)), 'message ')
}

/** Where two values of JSON differ first, in words; `undefined` where they are the same. */
export function difference(wanted: unknown, got: unknown, path = ''): string | undefined {
  if (Object.is(wanted, got)) return undefined
  const isHeld = (value: unknown): value is Record<string, unknown> =>
    typeof value === 'object' && value !== null
  if (!isHeld(wanted) || !isHeld(got) || Array.isArray(wanted) !== Array.isArray(got)) {
    return `${path || 'all'}: recorded ${shown(wanted)}, here ${shown(got)}`
  }
  for (const key of new Set([...Object.keys(wanted), ...Object.keys(got)])) {
    const found = difference(wanted[key], got[key], `${path}/${key}`)
    if (found) return found
  }
  return undefined
}

const shown = (value: unknown): string => (JSON.stringify(value) ?? 'nothing').slice(0, 300)

const times = [
  'timestamp',
  'create_time',
  'execution_start_time',
  'execution_end_time',
  'modified',
  'created',
]
const sets = ['executed', 'current_outputs', 'dependent_outputs', 'errors', 'nodes']

interface Place {
  folder: string
  port: number
}

const byText = (a: unknown, b: unknown): number => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)

function normaliseText(value: string, { folder }: Place): string {
  if (/^tensor\(|^<.* object at 0x|^<object>$/.test(value)) return '(an object)'
  return value
    .replaceAll(`${folder}/comfyui`, '<server>')
    .replaceAll(folder, '<base>')
    .replaceAll('/usr/lib/python3.13', '<python>')
    .replace(/", line \d+, in /g, '", line N, in ')
    .replace(/ComfyUI_temp_[a-z]{5}_/g, 'ComfyUI_temp_LLLLL_')
    .replace(/_\d{6}\.(png|jpeg|webp|txt)/g, '_DDDDDD.$1')
    .replace(/(exceeded, actual body size) \d+/, '$1 N')
}

const isItem = (value: unknown[]): boolean =>
  value.length === 5 &&
  typeof value[0] === 'number' &&
  typeof value[1] === 'string' &&
  Array.isArray(value[4])

/** A value without what can't be the same on two servers. */
function normalise(value: unknown, place: Place, key = ''): unknown {
  if (typeof value === 'number') return times.includes(key) ? 'T' : value
  if (typeof value === 'string') {
    return key === 'argv' && value === String(place.port) ? '8188' : normaliseText(value, place)
  }
  if (Array.isArray(value)) {
    const held = value.map((item) => normalise(item, place, key))
    if (isItem(held)) (held[4] as unknown[]).sort(byText)
    return sets.includes(key) ? held.sort(byText) : held
  }
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, held]) => [name, normalise(held, place, name)]))
}

import { createHash } from 'node:crypto'
import type { Answer } from './call.ts'
import { difference } from './difference.ts'
import { normalise, type Place } from './normalise.ts'
import type { Exchange } from './types.ts'

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

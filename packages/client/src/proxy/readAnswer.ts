import { redact } from '../internal/headers.ts'
import { isErrorStatus } from '../internal/request.ts'
import { withDeadline } from '../internal/timers.ts'
import { parse } from '../internal/values.ts'

/** The longest answer that is read as a whole, in bytes. */
const maxAnswerBytes = 16_777_216
/** The longest picture, in bytes. */
const maxPictureBytes = 204_800

/** Whether an answer says that it is JSON. */
export const isJson = ({ headers }: Response): boolean => /\bjson\b/i.test(headers.get('content-type') ?? '')

/**
 * The body of an answer without the secrets of its request, which a pod may repeat. JSON is read as a whole, because secrets
 * in it may be escaped. `undefined` means JSON that can't be read.
 */
export async function readAnswer(
  answer: Response,
  headers: Readonly<Record<string, string>>,
  ms: number,
  isWhole: boolean,
): Promise<string | ReadableStream<Uint8Array> | null | undefined> {
  const { body, ok } = answer
  if (!body) return null
  // In a result, only headers with the name of a secret are replaced: values of other headers may be ordinary words.
  const secretsOf = (isResult: boolean) =>
    Object.fromEntries(
      Object.entries(headers).filter(([name]) => !isResult || /key|auth|token|secret|cookie/.test(name)),
    )
  if (!isWhole && !isJson(answer)) return pump(body, ms, createCleaner(secretsOf(ok)))
  const text = await new Response(pump(body, ms, createLimit(maxAnswerBytes))).text()
  const value = parse(text)
  const clean = redact(value, secretsOf(ok && !isErrorStatus(Object(value).status)))
  if (value === text) return text && isJson(answer) ? undefined : `${clean}`
  const json = JSON.stringify(clean)
  // Without secrets the text stays as it is, because JavaScript would round long numbers.
  return json === JSON.stringify(value) ? text : json
}

/** The bytes of a picture. `undefined` means an answer of another type. */
export async function readPicture(
  { body, headers, ok }: Response,
  ms: number,
): Promise<ArrayBuffer | undefined> {
  if (ok && body && /^image\/(jpeg|png|webp)$/.test(headers.get('content-type')!))
    return new Response(pump(body, ms, createLimit(maxPictureBytes))).arrayBuffer()
  body?.cancel().catch(() => {})
  return undefined
}

/**
 * A copy of `body`. `change` is called with each piece, and with `undefined` at the end. `body` is read no faster than the
 * copy. The copy fails if `change` throws, or if a piece takes longer than `ms`; `onError` is called before.
 */
export function pump(
  body: ReadableStream<Uint8Array>,
  ms: number,
  change: (piece: Uint8Array | undefined) => Uint8Array | undefined,
  onError?: (error: unknown) => void,
): ReadableStream<Uint8Array> {
  const reader = body.getReader()
  const cancel = (reason: unknown) => reader.cancel(reason).catch(() => {})
  return new ReadableStream({
    async pull(controller) {
      try {
        for (;;) {
          const next = await withDeadline(ms, undefined, () => reader.read())
          if (!next) throw new Error(`Nothing came for ${ms}ms`)
          const piece = change(next.value)
          if (piece?.length) controller.enqueue(piece)
          if (next.done) return controller.close()
          if (piece?.length) return
        }
      } catch (error) {
        onError?.(error)
        cancel(error)
        throw error
      }
    },
    cancel,
  })
}

/** A `change` for `pump`. It lets `bytes` bytes pass, and throws a `RangeError` at the next byte. */
export function createLimit(bytes: number): (piece: Uint8Array | undefined) => Uint8Array | undefined {
  let sum = 0
  return (piece) => {
    sum += piece?.length ?? 0
    if (sum > bytes) throw new RangeError(`It is longer than ${bytes} bytes`)
    return piece
  }
}

/** A `change` for `pump`. It replaces the secrets of `headers` in a text that comes piece by piece. */
function createCleaner(
  headers: Readonly<Record<string, string>>,
): (piece: Uint8Array | undefined) => Uint8Array {
  /** The last characters of a piece, up to this number, may be the beginning of a secret. */
  const kept = Math.max(1, ...Object.values(headers).map(({ length }) => length)) - 1
  const decoder = new TextDecoder()
  const encoder = new TextEncoder()
  let text = ''
  return (piece) => {
    text = redact(text + decoder.decode(piece, { stream: !!piece }), headers)
    const end = piece ? Math.max(0, text.length - kept) : text.length
    // The first half of a character waits for its second half.
    const clean = text.slice(0, end).replace(/[\ud800-\udbff]$/, '')
    text = text.slice(clean.length)
    return encoder.encode(clean)
  }
}

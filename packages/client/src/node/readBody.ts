import { type FlowScaleError, NetworkError, TimeoutError } from '../errors.ts'
import { hideAccess } from '../internal/answer.ts'
import { withDeadline } from '../internal/timers.ts'

/** Why a body is incomplete. */
export interface BrokenOff {
  readonly Type: new (message: string, details: Record<string, unknown>) => FlowScaleError
  /** The text after the number of bytes. */
  readonly why: string
  readonly timeoutMs?: number
}

/** A body may end too early without an error of the runtime or the server. */
export const tooEarly: BrokenOff = { Type: NetworkError, why: '' }

/** Writes a body chunk by chunk, and gives `undefined` at its end. Each chunk may take `timeoutMs`. */
export async function readBody(
  response: Response,
  write: (chunk: Uint8Array) => Promise<void>,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<BrokenOff | undefined> {
  const reader = response.body!.getReader()
  const next = () =>
    reader.read().catch((error: unknown) => {
      const { cause, message } = Object(error)
      return { why: `: ${cause?.code || cause?.message || message || error}` }
    })
  try {
    for (;;) {
      const read = await withDeadline(timeoutMs, signal, next, () => undefined)
      if (!read) return { Type: TimeoutError, why: `, and sent nothing for ${timeoutMs}ms`, timeoutMs }
      // Without its cause, which may hold the link.
      if ('why' in read) return { Type: NetworkError, why: hideAccess(read.why) }
      if (read.done) return undefined
      await write(read.value)
    }
  } finally {
    reader.cancel().catch(() => {})
  }
}

import { withDeadline } from '../internal/timers.ts'

/**
 * What `change` makes of the pieces of `body`, and of its end, `undefined`. It is read no faster than the result, and
 * fails when `change` throws or the next piece takes longer than `ms`; `broken` is told first.
 */
export function pump(
  body: ReadableStream<Uint8Array>,
  ms: number,
  change: (piece: Uint8Array | undefined) => Uint8Array | undefined,
  broken?: (error: unknown) => void,
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
        broken?.(error)
        cancel(error)
        throw error
      }
    },
    cancel,
  })
}

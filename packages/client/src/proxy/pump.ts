import { withDeadline } from '../internal/timers.ts'

/**
 * Passes the pieces of `body`, and its end (`undefined`), through `change`. It reads no faster than its reader. It fails
 * if `change` throws, or if the next piece takes longer than `ms`; `broken` is called first.
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

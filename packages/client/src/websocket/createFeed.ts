/** Why no more messages come, unless the caller has closed the connection. */
export interface Failure {
  error: unknown
}

/** Called with each message, and without a message at the end. */
type Listener = (...message: unknown[]) => void

/** Passes each message to all listeners and iterations. */
interface Feed extends AsyncIterable<unknown> {
  push(message: unknown): void
  end(failure?: Failure): void
  /** Returns the function that removes the listener. */
  listen(listener: Listener): () => void
}

/** Makes a feed. An error of a listener goes to `onThrow`, and the other listeners still get the message. */
export function createFeed(onThrow: (error: unknown) => void): Feed {
  const listeners = new Set<Listener>()
  let isOver = false
  let why: Failure | undefined
  const publish = (...message: unknown[]) => {
    for (const listener of listeners) {
      try {
        listener(...message)
      } catch (error) {
        onThrow(error)
      }
    }
  }
  return {
    push: publish,
    end(failure) {
      isOver = true
      why = failure
      publish()
    },
    listen(listener) {
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
      }
    },
    async *[Symbol.asyncIterator]() {
      const queue: unknown[] = []
      let wake = () => {}
      const listener = (...message: unknown[]) => {
        queue.push(...message)
        wake()
      }
      listeners.add(listener)
      try {
        for (;;) {
          while (queue.length) yield queue.shift()
          if (why) throw why.error
          if (isOver) return
          await new Promise<void>((resolve) => {
            wake = resolve
          })
        }
      } finally {
        listeners.delete(listener)
      }
    },
  }
}

/** Why nothing more comes, if not because of a `close()`. */
export interface Failure {
  error: unknown
}

/** Called with a message, and without one at the end. */
export type Listener = (...message: unknown[]) => void

/** Hands each message to all who listen or iterate. */
export interface Feed extends AsyncIterable<unknown> {
  push(message: unknown): void
  end(failure?: Failure): void
  /** Gives the function that stops that. */
  listen(reader: Listener): () => void
}

/** What a listener throws goes to `onThrow`; it keeps nobody else from hearing. */
export function createFeed(onThrow: (error: unknown) => void): Feed {
  const readers = new Set<Listener>()
  let isOver = false
  let why: Failure | undefined
  const tell = (...message: unknown[]) => {
    for (const reader of readers) {
      try {
        reader(...message)
      } catch (error) {
        onThrow(error)
      }
    }
  }
  return {
    push: tell,
    end(failure) {
      isOver = true
      why = failure
      tell()
    },
    listen(reader) {
      readers.add(reader)
      return () => {
        readers.delete(reader)
      }
    },
    async *[Symbol.asyncIterator]() {
      const queue: unknown[] = []
      let wake = () => {}
      const reader = (...message: unknown[]) => {
        queue.push(...message)
        wake()
      }
      readers.add(reader)
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
        readers.delete(reader)
      }
    },
  }
}

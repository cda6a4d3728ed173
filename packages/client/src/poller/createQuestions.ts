/** A request for a run that waits to be answered. */
export interface Question {
  readonly href: string
  readonly init: RequestInit
  readonly answer: (response: Response | Promise<Response>) => void
}

/** What waits ask, by run. */
export interface Questions {
  /** Aborted once nothing is asked any more. */
  readonly signal: AbortSignal
  /** The runs that are asked for, the one that waits longest first. */
  ids(): string[]
  of(runId: string): Question[]
  /** Takes out those about a run, or some of them, for somebody who answers them. */
  take(runId: string, which?: Question[]): Question[]
  /** Asks; an abort takes the question back. */
  ask(runId: string, href: string, init: RequestInit): Promise<Response>
}

export function createQuestions(): Questions {
  const runs = new Map<string, Set<Question>>()
  let idle = new AbortController()

  const of = (runId: string) => [...(runs.get(runId) ?? [])]
  const take = (runId: string, which = of(runId)) => {
    const asked = runs.get(runId)
    for (const question of which) asked?.delete(question)
    if (!asked?.size) runs.delete(runId)
    if (!runs.size) idle.abort()
    return which
  }

  return {
    get signal() {
      return idle.signal
    },
    ids: () => [...runs.keys()],
    of,
    take,
    ask: (runId, href, init) =>
      new Promise((resolve, reject) => {
        const { signal } = init
        const stop = () => {
          take(runId, [question])
          reject(signal?.reason)
        }
        const question: Question = {
          href,
          init,
          answer(response) {
            signal?.removeEventListener('abort', stop)
            resolve(response)
          },
        }
        signal?.addEventListener('abort', stop)
        if (!runs.size) idle = new AbortController()
        runs.set(runId, (runs.get(runId) ?? new Set()).add(question))
      }),
  }
}

import { withDeadline } from '../internal/withDeadline.ts'
import type { PushConnection } from '../types.ts'

/** Reasons to ask now, and not when the pause is over. */
export interface Hints {
  /** Rests for about `ms`: longer in a hidden page or where a push will tell, shorter when there is a hint. */
  rest(ms: number, signal: AbortSignal): Promise<void>
  stop(): void
}

/** What is used of a page's document. */
type Page = Pick<EventTarget, 'addEventListener' | 'removeEventListener'> & { readonly hidden: boolean }

/** The longest pause while a push connection is healthy, in ms. */
const mostMs = 30_000
/** The shortest pause in a hidden page, in ms. */
const hiddenMs = 10_000

/** Listens for news of a run. They are hints only: what counts is what the server answers when it is asked. */
export function createHints(push: PushConnection | undefined, runId: string | undefined): Hints {
  let isHinted = false
  let quietRounds = 0
  let status: unknown
  let wake = () => {}

  const hint = () => {
    isHinted = true
    quietRounds = 0
    wake()
  }
  const unlisten = push?.listen((message) => {
    if (message === undefined) return hint()
    const { type, data } = Object(message)
    const { run_id, _id = run_id, status: word } = Object(data)
    // Progress alone is no reason to ask.
    if (type !== 'run_status_update' || _id !== runId || word === status) return
    status = word
    hint()
  })
  const say = (action: string) => push?.send({ type: 'client_event', data: { action, runId } })
  say('subscribe')

  return {
    async rest(ms, signal) {
      // Deno's types know no document.
      const page = (globalThis as { document?: Page }).document
      quietRounds = push?.connected ? quietRounds + 1 : 0
      const grown = Math.max(ms, Math.min(ms * 2 ** quietRounds, mostMs))
      const onShow = () => wake()
      page?.addEventListener('visibilitychange', onShow)
      try {
        await withDeadline(page?.hidden ? Math.max(grown, hiddenMs) : grown, signal, async () => {
          if (!isHinted)
            await new Promise<void>((resolve) => {
              wake = resolve
            })
        })
      } finally {
        page?.removeEventListener('visibilitychange', onShow)
        isHinted = false
      }
    },
    stop() {
      unlisten?.()
      say('unsubscribe')
    },
  }
}

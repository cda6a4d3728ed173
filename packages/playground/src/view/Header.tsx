import type { HTMLAttributes, JSX } from 'preact'
import { type Notice, type Session, state } from '../state/store.ts'
import { Connection } from './Connection.tsx'

/** A text that a screen reader reads aloud, also when the same text is said again. */
export const LiveText = ({
  notice,
  ...rest
}: HTMLAttributes<HTMLParagraphElement> & { notice: Notice | undefined }): JSX.Element => (
  <p {...rest}>{notice && <span key={notice}>{notice.text}</span>}</p>
)

/** Why the lists on the page may be old. */
export const waitsFor = (session: Session | undefined): string => session?.away || session?.problem || ''

/** The name of the page, and the connection. */
export function Header(): JSX.Element {
  const { session } = state
  const [word, color] = stateOf(session)
  return (
    <header>
      <h1 class="brand">
        <svg width="32" height="32" viewBox="0 0 32 32" aria-hidden="true">
          <rect width="32" height="32" rx="9" />
          <path
            d="M7 20c5 0 4-9 9-9s4 9 9 9"
            fill="none"
            stroke="white"
            stroke-width="3.4"
            stroke-linecap="round"
          />
        </svg>
        FlowScale <span>playground</span>
      </h1>
      <div id="live" role="status">
        <button type="button" popovertarget="connection" class={session ? '' : 'primary'}>
          <span class={`dot ${color}`} />
          <span class="unseen">Connection: </span>
          <span>{word}</span>
        </button>
      </div>
      <Connection />
    </header>
  )
}

function stateOf(session: Session | undefined): [word: string, color: string] {
  if (!session) return ['Offline', '']
  if (session.isLost) return ['Reconnecting …', 'busy']
  if (waitsFor(session)) return ['Waiting …', 'busy']
  if (session.isOpen) return ['Live', 'good']
  if (session.wasOpen) return ['Reconnecting …', 'busy']
  // A proxy does not pass on WebSockets.
  if (session.isClosed && session.hasAnswered) return ['Polling', 'good']
  return ['Connecting …', 'busy']
}

import type { HTMLAttributes, JSX } from 'preact'
import { connect, disconnect } from '../state/connection.ts'
import { change, type Notice, type Session, state } from '../state/store.ts'

/** A text that a screen reader reads aloud, also when the same text is said again. */
export const LiveText = ({
  notice,
  ...rest
}: HTMLAttributes<HTMLParagraphElement> & { notice: Notice | undefined }): JSX.Element => (
  <p {...rest}>{notice && <span key={notice}>{notice.text}</span>}</p>
)

/** Why the lists on the page may be old. */
export const waitsFor = (session: Session | undefined): string => session?.away || session?.problem || ''

/** The name of the page, the connection form and the state of the connection. */
export function Header(): JSX.Element {
  const { session, serverProblem, keyProblem, isKeyHint } = state
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
      <form
        id="session"
        aria-label="Connection"
        onSubmit={(event) => {
          event.preventDefault()
          session ? disconnect() : connect()
        }}
      >
        <div>
          <label>
            <span>Server</span>
            <input
              id="server"
              required
              spellcheck={false}
              autocapitalize="off"
              autocomplete="url"
              readOnly={Boolean(session)}
              value={state.server}
              aria-invalid={Boolean(serverProblem)}
              aria-describedby="server-problem"
              onInput={({ currentTarget }) => change({ server: currentTarget.value })}
            />
          </label>
          <p id="server-problem" class="problem" role="alert" hidden={!serverProblem}>
            {serverProblem}
          </p>
        </div>
        <div>
          <label>
            <span>API key</span>
            <input
              id="key"
              type="password"
              autocomplete="off"
              placeholder={state.isKeyWanted ? '' : 'none: a proxy adds it'}
              readOnly={Boolean(session)}
              value={state.key}
              aria-invalid={Boolean(keyProblem) && !isKeyHint}
              aria-describedby="key-problem"
              onInput={({ currentTarget }) => change({ key: currentTarget.value })}
            />
          </label>
          <p id="key-problem" class={isKeyHint ? 'hint' : 'problem'} role="alert" hidden={!keyProblem}>
            {keyProblem}
          </p>
        </div>
        <button type="submit" id="connect">
          {session ? 'Disconnect' : 'Connect'}
        </button>
      </form>
      <p id="live" role="status">
        <span class={`dot ${color}`} />
        <span>{word}</span>
      </p>
    </header>
  )
}

function stateOf(session: Session | undefined): [word: string, color: string] {
  if (!session) return ['Offline', '']
  if (waitsFor(session)) return ['Waiting …', 'busy']
  if (session.isOpen) return ['Live', 'good']
  if (session.wasOpen || session.isLost) return ['Reconnecting …', 'busy']
  // A proxy does not pass on WebSockets.
  if (session.isClosed && session.hasAnswered) return ['Polling', 'good']
  return ['Connecting …', 'busy']
}

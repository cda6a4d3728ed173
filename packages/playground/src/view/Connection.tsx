import type { JSX } from 'preact'
import { useLayoutEffect, useRef } from 'preact/hooks'
import { connect, leave } from '../state/connection.ts'
import { change, state } from '../state/store.ts'

/** The connection: its server, and its key. The button with its state opens it. */
export function Connection(): JSX.Element {
  const { session, serverProblem, keyProblem, isKeyHint, isConnectionShown } = state
  const popover = useRef<HTMLDivElement>(null)
  useLayoutEffect(() => {
    popover.current?.togglePopover(isConnectionShown)
  }, [isConnectionShown])
  return (
    <div
      ref={popover}
      id="connection"
      popover="auto"
      role="dialog"
      aria-label="Connection"
      onToggle={(event) => change({ isConnectionShown: event.newState === 'open' })}
      onFocusOut={({ relatedTarget, currentTarget }) => {
        // Tab has left it. Its own button closes it by itself; without a target, the window has lost the focus.
        const to = relatedTarget as HTMLButtonElement | null
        if (to && !to.popoverTargetElement && !currentTarget.contains(to)) currentTarget.hidePopover()
      }}
    >
      <form
        id="session"
        onSubmit={(event) => {
          event.preventDefault()
          session ? leave() : connect()
        }}
      >
        <div>
          <label for="server">Server</label>
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
          <p id="server-problem" class="problem" role="alert" hidden={!serverProblem}>
            {serverProblem}
          </p>
        </div>
        <div>
          <label for="key">API key</label>
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
          <p id="key-problem" class={isKeyHint ? 'hint' : 'problem'} role="alert" hidden={!keyProblem}>
            {keyProblem}
          </p>
        </div>
        <button type="submit" id="connect" class={session ? '' : 'primary'}>
          {session ? 'Disconnect' : 'Connect'}
        </button>
        {session && (
          <a
            class="button"
            target="_blank"
            rel="noreferrer"
            href={`${session.client.baseUrl}/api/v1/openapi.json`}
          >
            OpenAPI document
          </a>
        )}
      </form>
    </div>
  )
}

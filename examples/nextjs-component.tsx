// app/flowscale-image.tsx of a Next.js app with the App Router; `npm install @flowscale/client`. It needs the route of
// nextjs-route.ts, which adds the key on the server. A run goes on while its visitor is elsewhere: after a reload, or on
// the way back to the page, its result is waited for again.
'use client'

import { cancelRun, createClient, executeWorkflow, isFlowScaleError } from '@flowscale/client'
import { type ResultOutput, waitForResult } from '@flowscale/client/poller'
import { type FormEvent, useCallback, useEffect, useId, useRef, useState } from 'react'

const baseUrl = '/api/flowscale'
const workflowId = 'bncu0a1kipv'
const inputsFor = (prompt: string) => ({ text_51536: prompt })

/** Where the tab keeps its run. */
const storageKey = 'flowscale-run'
interface Saved {
  runId: string
  prompt: string
}

interface State {
  status: string
  running?: boolean
  error?: string
  prompt?: string
  outputs?: ResultOutput[]
}

const cancelled = 'cancelled'

export function FlowScaleImage() {
  const [state, setState] = useState<State>({ status: '' })
  /** Of the run that is shown; whatever an earlier one still brings is dropped. */
  const current = useRef<AbortController>(undefined)
  const id = useId()

  const follow = useCallback(async ({ runId, prompt }: Saved, signal: AbortSignal) => {
    // Here and not above: on the server, where this component is rendered first, a path is no address.
    const client = createClient({ baseUrl })
    try {
      const { outputs } = await waitForResult(client, runId, {
        signal,
        onUpdate: ({ status }) => setState({ status: `The run is ${status}`, running: true }),
      })
      setState({ status: 'Done', prompt, outputs })
    } catch (error) {
      if (signal.reason === cancelled) await cancelRun(client, runId).catch(console.error)
      if (signal.aborted) return
      if (isOver(error)) sessionStorage.removeItem(storageKey)
      setState({ status: '', error: explain(error) })
    }
  }, [])

  // Only waits, so it does no harm that StrictMode runs it twice.
  useEffect(() => {
    const saved = sessionStorage.getItem(storageKey)
    if (saved) {
      current.current = new AbortController()
      setState({ status: 'Resuming …', running: true })
      follow(JSON.parse(saved), current.current.signal)
    }
    return () => current.current?.abort()
  }, [follow])

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const prompt = String(new FormData(event.currentTarget).get('prompt'))
    stop()
    const controller = new AbortController()
    const { signal } = controller
    current.current = controller
    setState({ status: 'Submitting …', running: true })
    try {
      // Without the signal: once sent it may have started a run, and only its id can find or cancel that.
      const { data } = await executeWorkflow(createClient({ baseUrl }), workflowId, inputsFor(prompt))
      const saved = { runId: data.run_id, prompt }
      if (signal.reason !== cancelled) sessionStorage.setItem(storageKey, JSON.stringify(saved))
      await follow(saved, signal)
    } catch (error) {
      if (!signal.aborted) setState({ status: '', error: explain(error) })
    }
  }

  /** Ends the wait and, other than when the visitor goes elsewhere, the run. */
  function stop() {
    sessionStorage.removeItem(storageKey)
    current.current?.abort(cancelled)
  }

  function cancel() {
    if (!state.running) return
    stop()
    setState({ status: 'Cancelled' })
  }

  // Cancel is never removed or disabled, or the keyboard focus on it would be lost.
  return (
    <form onSubmit={submit} aria-busy={!!state.running}>
      <label htmlFor={id}>Prompt</label>
      <input id={id} name="prompt" required defaultValue="a lighthouse at dusk" />
      <button type="submit">Generate</button>
      <button type="button" aria-disabled={!state.running} onClick={cancel}>
        Cancel
      </button>
      {state.running && <progress aria-label="Progress of the run" />}
      <p role="status">{state.status}</p>
      {state.error && <p role="alert">{state.error}</p>}
      {state.outputs?.map(
        ({ filename, download_url }) =>
          download_url && <img key={filename} src={download_url} alt={state.prompt} />,
      )}
    </form>
  )
}

/** Whether there is nothing left to wait for: the run failed, or the server no longer knows it. */
const isOver = (error: unknown) =>
  isFlowScaleError(error) &&
  (error.code === 'ERR_FLOWSCALE_RUN' || (error.code === 'ERR_FLOWSCALE_HTTP' && error.status === 404))

function explain(error: unknown): string {
  if (!isFlowScaleError(error)) return String(error)
  switch (error.code) {
    case 'ERR_FLOWSCALE_RUN':
      return `The run ${error.status}: ${error.errors.join('; ') || 'no reason given'}`
    case 'ERR_FLOWSCALE_NETWORK':
      return 'The server could not be reached.'
    case 'ERR_FLOWSCALE_TIMEOUT':
      return 'The server took too long. Reload to go on waiting.'
    case 'ERR_FLOWSCALE_VALIDATION':
      return error.errors.join('; ')
    default:
      return `Something went wrong (${error.code}).`
  }
}

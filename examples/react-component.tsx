// A prompt, a run, an image. Render <FlowScaleImage /> anywhere; `npm install @flowscale/client react`.
// There is no key in the page: a proxy on your server, at /api/flowscale, adds it (nextjs-route.ts is one).
import { createClient, isFlowScaleError } from '@flowscale/client'
import { executeWorkflowAsync, type ResultOutput } from '@flowscale/client/poller'
import { type FormEvent, useEffect, useId, useRef, useState } from 'react'

const baseUrl = '/api/flowscale'
const workflowId = 'bncu0a1kipv'
const inputsFor = (prompt: string) => ({ text_51536: prompt })

interface State {
  status: string
  running?: boolean
  error?: string
  prompt?: string
  outputs?: ResultOutput[]
}

export function FlowScaleImage() {
  const [state, setState] = useState<State>({ status: '' })
  /** Of the submission that is shown; whatever an earlier one still brings is dropped. */
  const current = useRef<AbortController>(undefined)
  const id = useId()

  useEffect(() => () => current.current?.abort(), [])

  // In an event handler and not in an effect: StrictMode runs effects twice, and a run costs money.
  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const prompt = String(new FormData(event.currentTarget).get('prompt'))
    current.current?.abort()
    const controller = new AbortController()
    const { signal } = controller
    current.current = controller
    const show = (next: State) => signal.aborted || setState(next)

    show({ status: 'Submitting …', running: true })
    try {
      const client = createClient({ baseUrl })
      const { outputs } = await executeWorkflowAsync(client, workflowId, inputsFor(prompt), {
        signal,
        cancelOn: 'abort',
        onUpdate: ({ status }) => show({ status: `The run is ${status}`, running: true }),
      })
      show({ status: 'Done', prompt, outputs })
    } catch (error) {
      show({ status: '', error: explain(error) })
    }
  }

  function cancel() {
    if (!state.running) return
    current.current?.abort()
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

function explain(error: unknown): string {
  if (!isFlowScaleError(error)) return String(error)
  switch (error.code) {
    case 'ERR_FLOWSCALE_RUN':
      return `The run ${error.status}: ${error.errors.join('; ') || 'no reason given'}`
    case 'ERR_FLOWSCALE_NETWORK':
      return 'The server could not be reached.'
    case 'ERR_FLOWSCALE_TIMEOUT':
      return 'The server took too long.'
    case 'ERR_FLOWSCALE_VALIDATION':
      return error.errors.join('; ')
    default:
      return `Something went wrong (${error.code}).`
  }
}

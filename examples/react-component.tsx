// A prompt, a run, an image: render <FlowScaleImage /> anywhere. `npm install @flowscale/client react`
// There is no key in the page: a proxy on your server, at /api/flowscale, adds it (nextjs-route.ts is one).
import { createClient } from '@flowscale/client'
import { connectEvents } from '@flowscale/client/events'
import { useOutputUrl, useRun } from '@flowscale/client/react'
import type { FormEvent } from 'react'

const client = createClient({ baseUrl: '/api/flowscale' })
const push = connectEvents(client)

export function FlowScaleImage() {
  const run = useRun(client, { push })
  const image = useOutputUrl(client, run.status === 'completed' ? run.outputs[0] : undefined)
  const isGoing = ['submitting', 'queued', 'running'].includes(run.status)

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    run.start('bncu0a1kipv', { text_51536: String(new FormData(event.currentTarget).get('prompt')) })
  }

  // Cancel is never removed or disabled, or the keyboard focus on it would be lost.
  return (
    <form onSubmit={submit} aria-busy={isGoing}>
      <label>
        Prompt <input name="prompt" required defaultValue="a lighthouse at dusk" />
      </label>
      <button type="submit">Generate</button>
      <button type="button" aria-disabled={!isGoing} onClick={() => run.cancel().catch(console.error)}>
        Cancel
      </button>
      {isGoing && (
        <progress aria-label="Progress" value={run.status === 'running' ? run.progress : undefined} />
      )}
      <p role="status">The run is {run.status}</p>
      {run.status === 'failed' && <p role="alert">{String(run.error)}</p>}
      {run.status === 'lost' && <p role="alert">Look before you try again: the run may have been started.</p>}
      {image.src && <img {...image} alt="The result" />}
    </form>
  )
}

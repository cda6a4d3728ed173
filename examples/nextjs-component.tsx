// app/flowscale-image.tsx of a Next.js app (App Router), beside the route of nextjs-route.ts, which adds the key on the server:
// the page of docs/in-a-page.md as a component. `npm install @flowscale/client`. The fields are named as the workflow's inputs.
'use client'

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
    run.start('a9bc45rt2kpm', Object.fromEntries(new FormData(event.currentTarget)))
  }

  return (
    <form onSubmit={submit} aria-busy={isGoing}>
      <input name="image_input" type="file" accept="image/png,image/jpeg" aria-label="Image" required />
      <input name="prompt" aria-label="Prompt" required />
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

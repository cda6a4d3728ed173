import { failure } from '../../http/answers.ts'
import { streamRun } from '../../http/routes/events.ts'
import type { Call } from '../../http/types.ts'

const HEADERS = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-store, no-transform',
  // nginx would hold the events back.
  'x-accel-buffering': 'no',
}

/** The states of a run as server-sent events, until it has ended. */
export async function connectEvents({ face, request, id }: Call): Promise<Response> {
  const run = await face.engine.getRun(id)
  if (!run) return failure(face.dialect, 404, 'Run not found')
  // Who has seen the end comes no more: a browser's EventSource stops at 204 only.
  const seen = request.headers.get('last-event-id') ?? ''
  if (/^(completed|failed|cancelled)$/.test(seen)) return new Response(null, { status: 204 })
  return new Response(streamRun(face, run, request.signal), { headers: HEADERS })
}

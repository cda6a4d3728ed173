type Controller = ReadableStreamDefaultController<Uint8Array>

interface Sent {
  /** The true body; of a stream of events, the first. */
  readonly bytes: Uint8Array
  /** The bytes before the break: half of the body, or the first event. */
  readonly part: Uint8Array
}

/**
 * The true answer with its true length, whose body `send` sends, or does not. Nothing where there is no body. What `send`
 * gives is called when nobody reads any more.
 */
export async function spoilBody(
  perform: () => Promise<Response>,
  send: (sent: Sent, controller: Controller) => (() => void) | undefined,
): Promise<Response | undefined> {
  const answer = await perform()
  if (!answer.body) return undefined
  const headers = new Headers(answer.headers)
  const isStream = headers.get('content-type') === 'text/event-stream'
  // A copy: where this fault is not played in the end, the true answer is still needed.
  const whole = isStream ? undefined : new Uint8Array(await answer.clone().arrayBuffer())
  if (whole) headers.set('content-length', String(whole.byteLength))
  const events = whole ? undefined : answer.body.getReader()
  let stop: (() => void) | undefined
  const body = new ReadableStream<Uint8Array>(
    {
      // At the first read, so that whoever only wants the headers gets them.
      async pull(controller) {
        const bytes = whole ?? (await events!.read()).value
        await events?.cancel()
        if (!bytes) return controller.close()
        stop = send({ bytes, part: whole ? bytes.subarray(0, bytes.length >> 1) : bytes }, controller)
        // Called once: what is sent later comes from timers.
        await new Promise(() => {})
      },
      async cancel() {
        stop?.()
        await events?.cancel()
      },
    },
    { highWaterMark: 0 },
  )
  return new Response(body, { status: answer.status, headers })
}

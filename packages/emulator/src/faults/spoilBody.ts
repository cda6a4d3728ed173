type Controller = ReadableStreamDefaultController<Uint8Array>

export const half = (bytes: Uint8Array): Uint8Array => bytes.subarray(0, bytes.length >> 1)

/**
 * The true answer with its true length, whose body `send` sends, or does not. Nothing where there is no body. What `send`
 * gives is called when nobody reads any more.
 */
export async function spoilBody(
  perform: () => Promise<Response>,
  send: (bytes: Uint8Array, controller: Controller) => (() => void) | undefined,
): Promise<Response | undefined> {
  const answer = await perform()
  if (!answer.body) return undefined
  // A copy: where this fault is not played in the end, the true answer is still needed.
  const bytes = new Uint8Array(await answer.clone().arrayBuffer())
  let stop: (() => void) | undefined
  const body = new ReadableStream<Uint8Array>(
    {
      // At the first read, so that whoever only wants the headers gets them.
      pull(controller) {
        stop = send(bytes, controller)
        // Called once: what is sent later comes from timers.
        return new Promise<void>(() => {})
      },
      cancel: () => stop?.(),
    },
    { highWaterMark: 0 },
  )
  const headers = new Headers(answer.headers)
  headers.set('content-length', String(bytes.byteLength))
  return new Response(body, { status: answer.status, headers })
}

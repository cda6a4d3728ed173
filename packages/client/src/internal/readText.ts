/**
 * The whole body as text, by a reader that an abort cancels: with `redirect: 'error'` Node 20 and 22 forget the
 * signal once the headers are there, and `response.text()` would hold a stalled connection for ever.
 */
export async function readText(body: ReadableStream<Uint8Array>, signal: AbortSignal): Promise<string> {
  const reader = body.getReader()
  const cancel = () => {
    reader.cancel().catch(() => {})
  }
  signal.addEventListener('abort', cancel)
  if (signal.aborted) cancel()
  try {
    const decoder = new TextDecoder()
    for (let text = ''; ; ) {
      const { done, value } = await reader.read()
      text += decoder.decode(value, { stream: !done })
      if (done) return text
    }
  } finally {
    signal.removeEventListener('abort', cancel)
  }
}

/**
 * What sends `form`: on Node a stream, with its type and its length, elsewhere the form itself. Node's fetch sends a form
 * again by itself after a 421, the second time without its content, and never a stream.
 */
export async function streamForm(form: FormData): Promise<RequestInit> {
  const { body, headers } = new Response(form)
  const type = headers.get('content-type')!
  if (!/undici/.test(type)) return { body: form }
  const parts = [...form]
  const bare = new FormData()
  for (const [name, value] of parts) {
    if (typeof value === 'string') bare.append(name, value)
    else bare.append(name, value.slice(0, 0, value.type), value.name)
  }
  // The length is that of a form with empty files, and theirs.
  const { length } = new Uint8Array(await new Response(bare).arrayBuffer())
  const files = parts.reduce((sum, [, value]) => sum + ((value as File).size ?? 0), 0)
  return {
    body,
    duplex: 'half',
    headers: { 'content-type': type, 'content-length': `${length + files}` },
  } as RequestInit
}

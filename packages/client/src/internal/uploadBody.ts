/**
 * What sends `form`: on Node a stream, with its type and its length, elsewhere the form itself. Node's fetch sends a form
 * again by itself after a 421, the second time without its content, and never a stream.
 */
export async function uploadBody(form: FormData): Promise<RequestInit> {
  const { body, headers } = new Response(form)
  const type = headers.get('content-type')!
  if (!/undici/.test(type)) return { body: form }
  // The length is that of a form with empty files, and theirs.
  const bare = new FormData()
  let length = 0
  for (const [name, value] of form) {
    if (typeof value === 'string') bare.append(name, value)
    else {
      bare.append(name, value.slice(0, 0, value.type), value.name)
      length += value.size
    }
  }
  length += (await new Response(bare).blob()).size
  return {
    body,
    headers: { 'content-type': type, 'content-length': `${length}` },
    duplex: 'half',
  } as RequestInit
}

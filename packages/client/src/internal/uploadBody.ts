/**
 * The body for `form`: on Node a stream with its type and length, elsewhere the form itself. After a 421 Node's fetch
 * sends a form again, without its content. It never sends a stream again.
 */
export async function uploadBody(form: FormData): Promise<RequestInit> {
  const { body, headers } = new Response(form)
  const type = headers.get('content-type')!
  if (!/undici/.test(type)) return { body: form }
  // The length of the form with empty files, plus the sizes of the files.
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

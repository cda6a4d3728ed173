const PARAMETER = /;\s*([^\s=;"]+)\s*=\s*(?:"((?:\\.|[^"\\])*)"|([^\s;"]*))\s*/gsy

/** The name and file name of a part; it may throw. multipasta's own knows only Latin letters. */
export function parseDisposition(header: unknown): { name: string; filename?: string | undefined } | null {
  if (typeof header !== 'string') return null
  const type = header.split(';', 1)[0]!
  if (type.trim().toLowerCase() !== 'form-data') return null
  const found = new Map<string, string>()
  let at = type.length
  for (const [text, key, quoted, plain] of header.slice(at).matchAll(PARAMETER)) {
    found.set(key!.toLowerCase(), quoted === undefined ? plain! : unquote(quoted))
    at += text.length
  }
  const name = found.get('name')
  if (at < header.length || name === undefined) return null
  return { name, filename: decodeExtended(found.get('filename*')) ?? found.get('filename') }
}

/** Browsers write %22, %0D and %0A, others a backslash; a backslash before anything else stands for itself. */
function unquote(text: string): string {
  return text.replace(/\\(["\\])/g, '$1').replace(/%(?:22|0D|0A)/gi, decodeURIComponent)
}

/** As in RFC 5987: `UTF-8''%e2%82%ac.png`. */
function decodeExtended(text: string | undefined): string | undefined {
  const [, encoded] = /^utf-8'[^']*'(.*)$/is.exec(text ?? '') ?? []
  return encoded === undefined ? undefined : decodeURIComponent(encoded)
}

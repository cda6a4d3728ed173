/**
 * Takes what is secret in `headers` out of an answer, should the pod have echoed it, piece by piece, for `pump`. All
 * of them for a refusal, where a word too many does no harm; in a result those that are secret by their name.
 */
export function createCleaner(
  headers: Readonly<Record<string, string>>,
  isResult: boolean,
): (piece: Uint8Array | undefined) => Uint8Array {
  const secrets = Object.keys(headers)
    .filter((name) => !isResult || /key|auth|token|secret|cookie/.test(name))
    .flatMap((name) => headers[name]!.split(' '))
    // A short word is no secret, and to take it out would spoil the answer.
    .filter((word) => word.length > 7)
    .flatMap((word) => [word, JSON.stringify(word).slice(1, -1)])
  /** So many characters may be the start of a secret. */
  const kept = Math.max(1, ...secrets.map(({ length }) => length)) - 1
  const decoder = new TextDecoder()
  const encoder = new TextEncoder()
  let text = ''
  return (piece) => {
    text += decoder.decode(piece, { stream: !!piece })
    for (const secret of secrets) text = text.replaceAll(secret, '[redacted]')
    const end = piece ? Math.max(0, text.length - kept) : text.length
    // Half a character waits for its other half.
    const clean = text.slice(0, end).replace(/[\ud800-\udbff]$/, '')
    text = text.slice(clean.length)
    return encoder.encode(clean)
  }
}

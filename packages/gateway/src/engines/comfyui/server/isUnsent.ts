const CODES =
  /^(ECONNREFUSED|ConnectionRefused|FailedToOpenSocket|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT)$/
const WORDS = /connection refused|dns error|failed to lookup/i

/** Whether no connection came about, so that nothing was sent. Node, Bun and Deno each say it in their own way. */
export function isUnsent(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const { code, syscall } = error as { code?: unknown; syscall?: unknown }
  // A route may also be lost after the request went out.
  if (CODES.test(String(code)) && syscall !== 'read' && syscall !== 'write') return true
  if (error instanceof AggregateError && error.errors.length > 0) return error.errors.every(isUnsent)
  return WORDS.test(error.message) || isUnsent(error.cause)
}

const brand: symbol = /* @__PURE__ */ Symbol.for('flowscale.gateway.breakOff')

/** What `fetch` rejects with when a connection fails; a server is to destroy its socket, by a reset or without. */
export function breakOff(code: 'ECONNREFUSED' | 'ECONNRESET', message = 'fetch failed'): TypeError {
  const cause = Object.assign(new Error(code === 'ECONNRESET' ? 'read ECONNRESET' : `connect ${code}`), {
    code,
  })
  return Object.defineProperty(new TypeError(message, { cause }), brand, { value: code })
}

/** Whether, and how, a connection must be broken off. */
export function brokenBy(error: unknown): 'ECONNREFUSED' | 'ECONNRESET' | undefined {
  return (error as Record<symbol, 'ECONNRESET'> | undefined)?.[brand]
}

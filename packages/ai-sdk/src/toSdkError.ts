/**
 * Dresses an error as the AI SDK's own, by the symbols that it looks for. It stays the client's error, with its class,
 * `code` and `runId`.
 */
export function toSdkError<E extends Error>(error: E, name?: string, fields: object = {}): E {
  const own = (marker: string): PropertyDescriptorMap => ({ [Symbol.for(marker)]: { value: true } })
  // An error that ends several calls is dressed once.
  if (Object.hasOwn(error, Symbol.for('vercel.ai.error'))) return error
  Object.defineProperties(error, own('vercel.ai.error'))
  if (name) Object.defineProperties(error, own(`vercel.ai.error.${name}`))
  return Object.assign(error, fields)
}

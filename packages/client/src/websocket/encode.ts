/** Strings and binary as they are, all else as JSON; `undefined` for what JSON has no form for. */
export function encode(message: unknown): unknown {
  return typeof message === 'string' ||
    message instanceof ArrayBuffer ||
    ArrayBuffer.isView(message) ||
    message instanceof Blob
    ? message
    : JSON.stringify(message)
}

/** JSON is parsed; other text, and binary, is given as it is. */
export function decode(data: unknown): unknown {
  try {
    return typeof data === 'string' ? JSON.parse(data) : data
  } catch {
    return data
  }
}

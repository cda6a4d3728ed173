/** A NAL unit of H.264: its header byte, then the payload. */
export function nalUnit(header: number, payload: readonly number[]): Uint8Array {
  const bytes = [header]
  let zeros = 0
  for (const byte of payload) {
    // Two zero bytes and one of 0 to 3 would look like a mark of the stream.
    if (zeros === 2 && byte <= 3) {
      bytes.push(3)
      zeros = 0
    }
    bytes.push(byte)
    zeros = byte === 0 ? zeros + 1 : 0
  }
  return Uint8Array.from(bytes)
}

/** Lets `bytes` pass, and throws a `RangeError` at the next one, for `pump`. */
export function createLimit(bytes: number): (piece: Uint8Array | undefined) => Uint8Array | undefined {
  let sum = 0
  return (piece) => {
    sum += piece?.length ?? 0
    if (sum > bytes) throw new RangeError(`It is longer than ${bytes} bytes`)
    return piece
  }
}

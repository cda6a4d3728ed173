/** Writes the codes of an H.264 stream, the highest bit first. */
export interface Bits {
  /** The lowest `count` bits of a value. */
  put(value: number, count: number): void
  /** A whole number from 0 as an Exp-Golomb code. */
  unsigned(value: number): void
  /** A whole number of either sign as an Exp-Golomb code. */
  signed(value: number): void
  /** Zero bits up to the next whole byte. */
  align(): void
  /** The bytes so far, ended as a NAL unit asks for it. */
  end(): number[]
}

export function createBits(): Bits {
  const bytes: number[] = []
  let current = 0
  let filled = 0

  function put(value: number, count: number): void {
    if (filled === 0 && count === 8) {
      bytes.push(value)
      return
    }
    for (let i = count - 1; i >= 0; i--) {
      current = (current << 1) | ((value >> i) & 1)
      if (++filled < 8) continue
      bytes.push(current)
      current = 0
      filled = 0
    }
  }

  function unsigned(value: number): void {
    const length = 32 - Math.clz32(value + 1)
    put(0, length - 1)
    put(value + 1, length)
  }

  function align(): void {
    if (filled > 0) put(0, 8 - filled)
  }

  return {
    put,
    unsigned,
    signed: (value) => unsigned(value > 0 ? value * 2 - 1 : value * -2),
    align,
    end() {
      put(1, 1)
      align()
      return bytes
    },
  }
}

// Hashes what was sent under an `Idempotency-Key`.
import type { Once } from '../../engine.ts'
import { toBase64 } from '../../runtime.ts'
import type { Part } from './multipart.ts'

/** The hash of what a caller sends. Neither the order of the parts, nor the bytes of the form around them, change it. */
export interface FormHash {
  readonly key: string
  /** Gives a part whose body is hashed while it is read: to its end, and before the next part. */
  listen(part: Part): Part
  digest(): Promise<Once>
}

const STATE = 32
const PIECE = 65_536

/** `about` is hashed, too. */
export function createFormHash(key: string, about: readonly unknown[]): FormHash {
  const parts: (readonly [name: string, isFile: boolean, hash: string])[] = []
  /** The hash of all pieces so far, and the piece that comes. Web Crypto can't hash a stream. */
  const block = new Uint8Array(STATE + PIECE)

  async function* hashed({ name, file, body }: Part): Part['body'] {
    block.fill(0, 0, STATE)
    let end = STATE
    for await (const chunk of body) {
      for (let at = 0; at < chunk.byteLength; ) {
        const piece = chunk.subarray(at, at + block.byteLength - end)
        block.set(piece, end)
        at += piece.byteLength
        end += piece.byteLength
        if (end < block.byteLength) continue
        block.set(await sha256(block))
        end = STATE
      }
      yield chunk
    }
    parts.push([name, file !== undefined, toBase64(await sha256(block.subarray(0, end)))])
  }

  return {
    key,
    listen: (part) => ({ ...part, body: hashed(part) }),
    async digest() {
      // The values of one name keep their order.
      parts.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
      const sent = new TextEncoder().encode(JSON.stringify([about, parts]))
      return { key, hash: toBase64(await sha256(sent)) }
    },
  }
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
}

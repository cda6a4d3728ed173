// The latest picture of each run at work, in memory only.
import { MOST_PREVIEW_BYTES, type Preview } from '../engine.ts'

/** A picture is passed on no sooner than this after another one: the newest wins. */
export const PICTURE_EVERY_MS = 500
/** Less than the pause above, since the clock of a worker and the transport of its pictures are not exact. */
const SOON_MS = 400

interface Kept {
  /** It grows with each picture that is passed on, also at a restart of the gateway. */
  number: number
  numberedAt: number
  /** Whether its picture came so soon after another one that it has no number yet. */
  isNew: boolean
  /** As a function: it reads the picture from another gateway. */
  preview: Preview | (() => Promise<Preview | undefined>)
}

export type Pictures = ReturnType<typeof createPictures>

export function createPictures() {
  const kept = new Map<string, Kept>()
  return {
    put(id: string, preview: Preview): void {
      const { number = 0, numberedAt = Number.NEGATIVE_INFINITY } = kept.get(id) ?? {}
      kept.set(id, { number, numberedAt, isNew: true, preview })
    },
    /** Notes a picture that another gateway has, and has given its number. */
    note(id: string, number: number, read: () => Promise<Preview | undefined>): void {
      if (kept.get(id)?.number === number) return
      let reading: Promise<Preview | undefined> | undefined
      // All that want it share one reading.
      const preview = (): Promise<Preview | undefined> => (reading ??= read())
      kept.set(id, { number, numberedAt: Number.NEGATIVE_INFINITY, isNew: false, preview })
    },
    numberOf(id: string): number | undefined {
      const one = kept.get(id)
      if (!one) return undefined
      const now = performance.now()
      if (one.isNew && now - one.numberedAt >= SOON_MS)
        Object.assign(one, { isNew: false, numberedAt: now, number: Math.max(Date.now(), one.number + 1) })
      return one.number
    },
    get: (id: string): Kept['preview'] | undefined => kept.get(id)?.preview,
    drop: (id: string): void => void kept.delete(id),
  }
}

/** A picture as a preview; `undefined` if it is too large, or of a kind that browsers need not know. */
export function toPreview(data: Uint8Array): Preview | undefined {
  const type = typeOf(data)
  // A copy: it may come in a message of many MB.
  return type && data.length <= MOST_PREVIEW_BYTES ? { type, data: data.slice() } : undefined
}

const STARTS: readonly (readonly [type: string, start: RegExp])[] = [
  ['image/jpeg', /^\xff\xd8\xff/],
  ['image/png', /^\x89PNG\r\n\x1a\n/],
  ['image/webp', /^RIFF[\s\S]{4}WEBP/],
]

/** By the first bytes, since whoever sends a picture may say anything. */
function typeOf(data: Uint8Array): string | undefined {
  const start = String.fromCharCode(...data.subarray(0, 12))
  return STARTS.find(([, form]) => form.test(start))?.[0]
}

// The graphs that the recordings were made with, for what came before a case.
import type { Bench } from './bench.ts'
export const quick = (color: number, filename_prefix = 'quick'): unknown => ({
  1: { class_type: 'EmptyImage', inputs: { width: 8, height: 8, batch_size: 1, color } },
  2: { class_type: 'SaveImage', inputs: { images: ['1', 0], filename_prefix } },
})

export const sleeping = (seconds: number, more: Record<string, unknown> = {}): unknown => ({
  1: { class_type: 'EmptyImage', inputs: { width: 64, height: 64, batch_size: 1, color: 0 } },
  2: {
    class_type: 'TestSleep',
    inputs: {
      ...{ image: ['1', 0], seconds, fail: false, cooperative: true, seed: 67, preview: false },
      ...more,
    },
  },
  3: { class_type: 'SaveImage', inputs: { images: ['2', 0], filename_prefix: 'rec' } },
})

export const sleepingLast = (): unknown => ({
  1: { class_type: 'EmptyImage', inputs: { width: 64, height: 64, batch_size: 1, color: 0 } },
  2: {
    class_type: 'TestSleepLast',
    inputs: { image: ['1', 0], seconds: 0, fail: false, cooperative: false },
  },
})

export const failing = (): unknown => ({
  1: {
    class_type: 'EmptyImage',
    inputs: { width: 64, height: 64, batch_size: 1, color: 255 },
    _meta: { title: 'EmptyImage' },
  },
  2: {
    class_type: 'TestSleep',
    inputs: { image: ['1', 0], seconds: 0.3, fail: true, cooperative: true },
    _meta: { title: 'Fails' },
  },
  3: {
    class_type: 'SaveImage',
    inputs: { images: ['2', 0], filename_prefix: 'never' },
    _meta: { title: 'Result' },
  },
})

/** The black picture that many recordings begin with comes from the cache. */
export async function blackWasDrawn(bench: Bench): Promise<void> {
  await bench.submit(sleepingLast())
  await bench.idle()
}

import { useRef, useState } from 'react'
import { getOutput } from '../api/getOutput.ts'
import type { Client, ResultOutput } from '../types.ts'

/** For an element that shows an output: `<img {...useOutputUrl(client, output)} alt="" />`. */
export interface RunImage {
  /** The link, or `undefined` where there is none. */
  readonly src: string | undefined
  /** Asks for a fresh link, once a minute at most: a file that is no picture fails with each. */
  readonly onError: () => void
}

/**
 * Gives the link of an output, for an `img`, `video` or `audio`. When it has expired, the element's `onError` asks for a fresh
 * one.
 *
 * @throws nothing: where there is no fresh link, the old one stays.
 *
 * @example
 * ```tsx
 * function Picture({ output }: { output: ResultOutput }) {
 *   return <img {...useOutputUrl(client, output)} alt="a red fox" />
 * }
 * ```
 */
export function useOutputUrl(client: Client, output: ResultOutput | undefined): RunImage {
  const given = output?.download_url ?? undefined
  const [fresh, show] = useState<{ given?: string | undefined; src?: string | undefined }>({})
  const last = useRef<{ given?: string | undefined; at: number }>({ at: 0 })
  return {
    src: fresh.given === given ? fresh.src : given,
    onError() {
      const { current } = last
      const at = Date.now()
      if (!given || (current.given === given && at < current.at + 60_000)) return
      const own = { given, at }
      last.current = own
      getOutput(client, output!.filename).then(
        // Another output may be shown by now.
        (answer) => last.current === own && show({ given, src: answer?.data.download_url ?? given }),
        () => {},
      )
    },
  }
}

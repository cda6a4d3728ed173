import { useRef, useState } from 'react'
import { getOutput } from '../api/getOutput.ts'
import type { Client, ResultOutput } from '../types.ts'

/** For an element that shows an output: `<img {...useOutputUrl(client, output)} alt="" />`. */
export interface RunImage {
  /** The link, or `undefined` where there is none. */
  readonly src: string | undefined
  /** Asks for a fresh link, once for each that fails. */
  readonly onError: () => void
}

/**
 * Gives the link of an output, for an `img`, `video` or `audio`. When it has expired, the element's `onError` asks for a fresh
 * one.
 *
 * @throws nothing
 *
 * @example
 * ```tsx
 * function Picture({ output }: { output: ResultOutput }) {
 *   return <img {...useOutputUrl(client, output)} alt="what was asked for" />
 * }
 * ```
 */
export function useOutputUrl(client: Client, output: ResultOutput | undefined): RunImage {
  const given = output?.download_url ?? undefined
  const [fresh, setFresh] = useState<{ given: string | undefined; src: string }>()
  const asked = useRef<string>(undefined)
  const src = fresh?.given === given ? fresh?.src : given
  return {
    src,
    onError() {
      if (!output || !src || asked.current === src) return
      asked.current = src
      getOutput(client, output.filename).then(
        (answer) => {
          const link = answer?.data.download_url
          // The link that is asked for now must not be asked for again at once.
          if (!link || link === src) return
          asked.current = link
          setFresh({ given, src: link })
        },
        () => {},
      )
    },
  }
}

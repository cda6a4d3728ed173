import { useState } from 'react'
import { getOutput } from './api/getOutput.ts'
import type { Client, ResultOutput } from './types.ts'

/** For an element that shows an output: `<img {...useOutputUrl(client, output)} alt="" />`. */
export interface OutputProps {
  /** The link, or `undefined`. */
  readonly src: string | undefined
  /** Requests a fresh link, at most once a minute, because a broken file fails with every link. */
  readonly onError: () => void
}

/** The newest fresh link. */
interface Last {
  /** The link that came with the output, which `src` replaces. */
  readonly given?: string | undefined
  readonly src?: string | undefined
  /** When it was requested, by `Date.now()`, in ms. */
  readonly at: number
}

/**
 * Gives the link of an output, for an `img`, `video` or `audio`. If the link has expired, the element's `onError` requests
 * a fresh one.
 *
 * @throws nothing: if there is no fresh link, the old one stays.
 *
 * @example
 * ```tsx
 * function Picture({ output }: { output: ResultOutput }) {
 *   return <img {...useOutputUrl(client, output)} alt="a red fox" />
 * }
 * ```
 */
export function useOutputUrl(
  client: Client,
  output: Pick<ResultOutput, 'filename' | 'download_url'> | undefined,
): OutputProps {
  const given = output?.download_url ?? undefined
  const [last, show] = useState<Last>({ at: 0 })
  const src = last.given === given ? last.src : given
  return {
    src,
    onError() {
      const at = Date.now()
      if (!given || (last.given === given && at < last.at + 60_000)) return
      const next = { given, src, at }
      // At once: a second error may come before the next rendering.
      Object.assign(last, next)
      getOutput(client, output!.filename).then(
        // Meanwhile another output may be shown.
        (answer) => last.given === given && show({ ...next, src: answer?.data.download_url ?? src }),
        Object,
      )
    },
  }
}

import type { JSX } from 'preact'
import { useLayoutEffect, useState } from 'preact/hooks'
import { isUnheard } from '../state/runs.ts'
import type { PageRun } from '../state/store.ts'

/** A preview that has loaded. */
export interface Seen {
  preview: HTMLImageElement | undefined
}

/** The latest preview of a run. The next one takes its place once it has loaded, too, so that nothing flickers. */
export function usePreview({ preview }: PageRun): HTMLImageElement | undefined {
  const [seen, see] = useState<HTMLImageElement>()
  useLayoutEffect(() => {
    if (!preview) return
    const next = Object.assign(new Image(), { src: preview, alt: '' })
    const ignore = () => {} // The picture may be gone, since the run has ended.
    next.decode().then(() => see(next), ignore)
    // The link of a picture changes each minute, but only behind the picture's number.
  }, [preview?.replace(/&.*/, '')])
  return seen
}

/** The same element wherever it is shown: another one would ask the server again. */
export const Preview = ({ preview }: Seen): JSX.Element | null =>
  preview ? <span class="preview" ref={(box) => box?.replaceChildren(preview)} /> : null

/** The result has the shape of its preview, so nothing moves when it comes. */
export const shapeOf = (preview: HTMLImageElement | undefined): { aspectRatio?: string } =>
  preview ? { aspectRatio: `${preview.naturalWidth} / ${preview.naturalHeight}` } : {}

export const isWaiting = ({ status }: PageRun): boolean => status === 'queued' || status === 'pending'

/** How far a run was when the server last answered. */
export const lastProgressOf = (run: PageRun): string =>
  isWaiting(run) ? 'Queued' : `${Math.round(run.progress * 100)} %`

/** How far a run is, in words. */
export const progressOf = (run: PageRun): string => (isUnheard(run) ? 'No news' : lastProgressOf(run))

/** A bar for the progress of a run, if that is known. Without a label, words beside it say the same. */
export const Bar = ({ run, label }: { run: PageRun; label?: string }): JSX.Element | null =>
  isUnheard(run) ? null : <progress max={1} value={run.progress} aria-label={label} aria-hidden={!label} />

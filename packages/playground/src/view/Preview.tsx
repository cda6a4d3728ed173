import type { JSX } from 'preact'
import { useLayoutEffect, useState } from 'preact/hooks'
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
  }, [preview])
  return seen
}

/** The same element wherever it is shown: another one would ask the server again. */
export const Preview = ({ preview }: Seen): JSX.Element | null =>
  preview ? <div class="preview" ref={(box) => box?.replaceChildren(preview)} /> : null

/** The result has the shape of its preview, so nothing moves when it comes. */
export const shapeOf = (preview: HTMLImageElement | undefined): { aspectRatio?: string } =>
  preview ? { aspectRatio: `${preview.naturalWidth} / ${preview.naturalHeight}` } : {}

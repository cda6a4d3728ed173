import type { JSX } from 'preact'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { type Shown, select, shownOutputs, titleOf } from '../state/runs.ts'
import { change, state } from '../state/store.ts'
import { closeDialog, Dialog } from './Dialog.tsx'
import { Media, OriginalLink, Thumb, tagOf } from './Output.tsx'

/** The outputs of all runs that match the search, one at a time. */
export function Gallery(): JSX.Element {
  const { gallery } = state
  const all = gallery ? shownOutputs() : []
  const place = all.findIndex(({ output }) => output === gallery)
  return (
    <Dialog id="gallery" aria-labelledby="gallery-title" onClose={() => change({ gallery: undefined })}>
      {all.length > 0 && <View all={all} place={Math.max(place, 0)} />}
    </Dialog>
  )
}

function View({ all, place }: { all: Shown[]; place: number }) {
  const { run, output } = all[place]!
  const view = useRef<HTMLDivElement>(null)
  // The output that is shown pixel by pixel.
  const [actual, setActual] = useState<unknown>()
  const isImage = tagOf(output) === 'img'
  const isActual = isImage && actual === output
  const toggle = () => setActual(isActual ? undefined : output)
  const go = (place: number) => change({ gallery: all.at(place % all.length)!.output })

  useLayoutEffect(() => {
    const dialog = view.current!.closest('dialog')!
    const listen = (event: KeyboardEvent) => {
      const { key, target } = event
      const isOfPlayer = target instanceof HTMLMediaElement
      // Arrows move a picture in its actual size, and seek in a player.
      const step = { ArrowLeft: place - 1, ArrowRight: place + 1, Home: 0, End: all.length - 1 }[key]
      if (step !== undefined && !isOfPlayer && !(isActual && target === view.current)) go(step)
      else if (key === ' ' && target === view.current) press()
      else return
      event.preventDefault()
    }
    dialog.addEventListener('keydown', listen)
    return () => dialog.removeEventListener('keydown', listen)
  })

  /** The space bar. */
  function press() {
    const player = view.current!.querySelector<HTMLMediaElement>('video, audio')
    if (isImage) toggle()
    else if (player?.paused) player.play()
    else player?.pause()
  }

  return (
    <>
      <p id="gallery-title" aria-live="polite">
        <strong>{titleOf(run)}</strong> <span>{`${place + 1} of ${all.length}`}</span>
      </p>
      {/* biome-ignore lint/a11y/useSemanticElements: no fieldset, as it holds no field */}
      <div
        ref={view}
        class={isActual ? 'view actual' : 'view'}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard scrolls it
        tabIndex={0}
        autofocus
        role="group"
        aria-label="Output"
      >
        <Media key={output} run={run} output={output} onClick={toggle} />
      </div>
      <Strip all={all} place={place} />
      <div class="actions">
        <button type="button" onClick={() => go(place - 1)}>
          <Words long="Previous" short="←" />
        </button>
        <button type="button" onClick={() => go(place + 1)}>
          <Words long="Next" short="→" />
        </button>
        {isImage && (
          <button type="button" onClick={toggle}>
            {isActual ? (
              <Words long="Fit to the window" short="Fit" />
            ) : (
              <Words long="Actual size" short="1:1" />
            )}
          </button>
        )}
        <button
          type="button"
          onClick={(event) => {
            closeDialog(event)
            select(run.id)
          }}
        >
          <Words long="Show the run" short="Show" />
        </button>
        <OriginalLink url={output.download_url}>
          <Words long="Open the original" short="↗" />
        </OriginalLink>
        <button type="button" onClick={closeDialog}>
          <Words long="Close" short="✕" />
        </button>
      </div>
    </>
  )
}

/** The words of a button, and a sign for narrow windows, in which the buttons take one row. */
const Words = ({ long, short }: { long: string; short: string }) => (
  <>
    <span class="long">{long}</span>
    <span class="short" aria-hidden="true">
      {short}
    </span>
  </>
)

/** All outputs, small. */
function Strip({ all, place }: { all: Shown[]; place: number }) {
  const list = useRef<HTMLUListElement>(null)
  // The dialog is open by then.
  useEffect(() => {
    list.current?.children[place]?.scrollIntoView({ block: 'nearest', inline: 'center' })
  }, [place])
  if (all.length < 2) return null
  return (
    <ul ref={list} class="strip">
      {all.map((one, index) => (
        <li key={one.output}>
          <button
            type="button"
            class="thumb"
            aria-current={index === place}
            onClick={() => change({ gallery: one.output })}
          >
            <span class="unseen">{`${index + 1}: ${titleOf(one.run).slice(0, 100)}`}</span>
            <Thumb output={one.output} />
          </button>
        </li>
      ))}
    </ul>
  )
}

import { downloadOutput, getOutput } from '@flowscale/client'
import type { ComponentChildren, JSX } from 'preact'
import { useLayoutEffect, useState } from 'preact/hooks'
import { titleOf } from '../state/runs.ts'
import { change, type Failure, type PageOutput, type PageRun, state } from '../state/store.ts'
import { Preview, type Seen, shapeOf } from './Preview.tsx'

type Tag = 'img' | 'video' | 'audio' | 'pre' | 'p'

const endings: [Tag, RegExp][] = [
  ['img', /\.(png|jpe?g|webp|gif|avif|svg)$/i],
  ['video', /\.(mp4|m4v|webm|mov|ogv)$/i],
  ['audio', /\.(mp3|wav|ogg|oga|opus|flac|m4a|aac)$/i],
  ['pre', /\.(txt|json|md|csv|srt|vtt)$/i],
]

/** The tag of the element that shows an output. */
export const tagOf = ({ filename }: PageOutput): Tag =>
  endings.find(([, pattern]) => pattern.test(filename))?.[0] ?? 'p'

interface Props {
  run: PageRun
  output: PageOutput
}

/** What the stage adds to an image or a player. */
interface Added {
  class?: string
  style?: { aspectRatio?: string }
  onLoad?: () => void
  onLoadedData?: () => void
  onClick?: () => void
}

/** How long `stage.css` fades. */
const fadeMs = 400

/** An output on the stage, with its buttons. It fades in over the preview. */
export function Output({ run, output, preview }: Props & Seen): JSX.Element {
  const [isLoaded, setLoaded] = useState(false)
  const [isOver, end] = useState(false)
  const show = () => change({ gallery: output })
  const tag = tagOf(output)
  const isDue = preview && tag === 'img' && !isLoaded && !output.problem
  const load = () => {
    setLoaded(true)
    setTimeout(() => end(true), fadeMs)
  }
  return (
    <figure>
      {/^(img|video)$/.test(tag) && !isOver && <Preview preview={preview} />}
      <Media
        run={run}
        output={output}
        class={isDue ? 'due' : ''}
        style={shapeOf(isOver ? undefined : preview)}
        onLoad={load}
        onLoadedData={load}
        {...(tag === 'img' && { onClick: show })}
      />
      <div class="tools">
        {tag !== 'p' && (
          <button type="button" onClick={show}>
            Enlarge
          </button>
        )}
        <OriginalLink url={output.download_url} />
        {run.outputs.length > 1 && <Download run={run} output={output} />}
      </div>
    </figure>
  )
}

/** An output as it is: an image, a player, a text, or the name of a file of another kind. */
export function Media({ run, output, ...added }: Props & Added): JSX.Element {
  const Tag = tagOf(output)
  const link = useFreshLink(output)
  const title = titleOf(run)
  if (Tag === 'p') return <p>{output.filename}</p>
  if (Tag === 'pre') return <Text output={output} label={title} />
  if (Tag !== 'img') return <Tag {...link} {...added} controls aria-label={title} />
  return <img {...link} {...added} alt={output.problem ?? title} />
}

/** The output that stands for a run. */
export const thumbOf = ({ outputs }: PageRun): PageOutput | undefined =>
  outputs.find((output) => tagOf(output) === 'img') ?? outputs[0]

/** An output in a list, which has its title in words: a picture, the first one of a video, or the start of a text. */
export function Thumb({ output }: { output: PageOutput }): JSX.Element {
  const Tag = tagOf(output)
  const { src, ...link } = useFreshLink(output)
  if (Tag === 'img') return <img {...link} src={src} alt={output.problem ?? ''} loading="lazy" />
  if (Tag === 'video') {
    return <video {...link} src={`${src}#t=0.1`} preload="metadata" muted tabIndex={-1} aria-hidden="true" />
  }
  if (Tag === 'pre') return <Excerpt output={output} />
  return <>{output.filename.split('.').at(-1)?.toUpperCase() || '✓'}</>
}

/**
 * The properties of an element that loads an output. Links expire: after an error, a new element gets a fresh link. That
 * happens once, so a broken file causes no endless loop.
 */
function useFreshLink(output: PageOutput) {
  const [isRenewed, setRenewed] = useState(false)
  const renew = async () => {
    try {
      const fresh = await getOutput(connectedClient(), output.filename)
      output.download_url = fresh?.data.download_url ?? output.download_url
    } catch (error) {
      const { status, message } = error as Failure
      output.problem = status === 404 ? 'This file is gone.' : message
    }
    setRenewed(true)
    change()
  }
  const src = output.download_url ?? ''
  return { key: String(isRenewed), src, ...(!isRenewed && { onError: renew }) }
}

/** The text of an output, which is read once. */
function useText(output: PageOutput): string {
  const [, setRead] = useState(false)
  useLayoutEffect(() => {
    if (output.text === undefined) readText(output).then(() => setRead(true))
  }, [output])
  return output.text ?? output.problem ?? 'Loading …'
}

function Text({ output, label }: { output: PageOutput; label: string }) {
  const text = useText(output)
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard scrolls it
    // biome-ignore lint/a11y/useSemanticElements: no fieldset, as it holds no field
    <pre tabIndex={0} role="group" aria-label={label}>
      {text}
    </pre>
  )
}

const Excerpt = ({ output }: { output: PageOutput }) => (
  <span class="excerpt" aria-hidden="true">
    {useText(output).slice(0, 300)}
  </span>
)

async function readText(output: PageOutput): Promise<void> {
  try {
    const text = await (await readFile(output)).text()
    const isJson = /\.json$/i.test(output.filename)
    output.text = isJson ? JSON.stringify(JSON.parse(text), null, 2) : text
  } catch (error) {
    output.problem = (error as Error).message
  }
}

/** Reads the file of an output. The key does not go to the server of the files. */
const readFile = async (output: PageOutput) => downloadOutput(connectedClient(), output)

function connectedClient() {
  if (!state.session) throw new Error('Connect to a server first.')
  return state.session.client
}

/** A button that saves an output. */
export function Download({ run, output }: Props): JSX.Element {
  const [isBusy, setBusy] = useState(false)
  const save = async () => {
    setBusy(true)
    try {
      const href = URL.createObjectURL(await (await readFile(output)).blob())
      const link = Object.assign(document.createElement('a'), { href, download: output.filename })
      link.click()
      setTimeout(() => URL.revokeObjectURL(href), 10_000)
    } catch (error) {
      change({ trouble: { text: (error as Error).message } })
    }
    setBusy(false)
  }
  const label = run.outputs.length > 1 ? `Download ${output.filename}` : undefined
  return (
    <button type="button" aria-label={label} disabled={isBusy} onClick={save}>
      Download
    </button>
  )
}

interface LinkProps {
  url: string | null
  children?: ComponentChildren
}

/** A link to the file of an output. A server may send `javascript:`, which would run in this page. */
export function OriginalLink({ url, children = 'Open the original' }: LinkProps): JSX.Element {
  const isPage =
    url && URL.canParse(url, location.href) && /^https?:/.test(new URL(url, location.href).protocol)
  return (
    <a class="button" target="_blank" rel="noreferrer" hidden={!isPage} {...(isPage && { href: url })}>
      {children}
    </a>
  )
}

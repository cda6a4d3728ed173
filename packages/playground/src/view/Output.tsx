import { downloadOutput, getOutput } from '@flowscale/client'
import type { JSX } from 'preact'
import { useLayoutEffect, useState } from 'preact/hooks'
import { titleOf } from '../state/runs.ts'
import { change, type Failure, type PageOutput, type PageRun, state } from '../state/store.ts'

/** The tag of the element that shows an output. */
export const tagOf = ({ filename }: PageOutput): 'img' | 'video' | 'audio' | 'pre' | 'p' =>
  /\.(png|jpe?g|webp|gif|avif|svg)$/i.test(filename)
    ? 'img'
    : /\.(mp4|webm|mov)$/i.test(filename)
      ? 'video'
      : /\.(mp3|wav|ogg|flac)$/i.test(filename)
        ? 'audio'
        : /\.(txt|json|md|csv|srt)$/i.test(filename)
          ? 'pre'
          : 'p'

/** An output on the stage, with its buttons. */
export function Output({ run, output }: { run: PageRun; output: PageOutput }): JSX.Element {
  const { filename, download_url: url } = output
  const tag = tagOf(output)
  const zoom = () => change({ zoom: { url: url ?? '', title: altOf(run, output) } })
  return (
    <figure>
      {tag === 'p' ? (
        <p>{filename}</p>
      ) : tag === 'pre' ? (
        <Text output={output} />
      ) : (
        <Media tag={tag} run={run} output={output} onClick={zoom} />
      )}
      <div class="tools">
        {tag === 'img' && (
          <button type="button" onClick={zoom}>
            Enlarge
          </button>
        )}
        <OriginalLink url={url} />
        {run.outputs.length > 1 && <Download run={run} output={output} />}
      </div>
    </figure>
  )
}

const altOf = (run: PageRun, { problem }: PageOutput) => problem ?? titleOf(run)

interface MediaProps {
  tag: 'img' | 'video' | 'audio'
  run: PageRun
  output: PageOutput
  onClick: () => void
}

function Media({ tag: Tag, run, output, onClick }: MediaProps) {
  const link = useFreshLink(output)
  return Tag === 'img' ? (
    // biome-ignore lint/a11y/useKeyWithClickEvents: a button does the same
    <img {...link} alt={altOf(run, output)} onClick={onClick} />
  ) : (
    <Tag {...link} controls aria-label={titleOf(run)} />
  )
}

/** An image of an output in a list, which has its title in words. */
export const Thumb = ({ output }: { output: PageOutput }): JSX.Element => (
  <img {...useFreshLink(output)} alt={output.problem ?? ''} loading="lazy" />
)

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

/** The text of an output. */
function Text({ output }: { output: PageOutput }) {
  const [text, setText] = useState('Loading …')
  useLayoutEffect(() => {
    readText(output).then(setText)
  }, [])
  // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard scrolls it
  return <pre tabIndex={0}>{text}</pre>
}

async function readText(output: PageOutput): Promise<string> {
  try {
    const text = await (await readFile(output)).text()
    return /\.json$/i.test(output.filename) ? JSON.stringify(JSON.parse(text), null, 2) : text
  } catch (error) {
    return (error as Error).message
  }
}

/** Reads the file of an output. The key does not go to the server of the files. */
const readFile = async (output: PageOutput) => downloadOutput(connectedClient(), output)

function connectedClient() {
  if (!state.session) throw new Error('Connect to a server first.')
  return state.session.client
}

/** A button that saves an output. */
export function Download({ run, output }: { run: PageRun; output: PageOutput }): JSX.Element {
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

/** A link to the file of an output. A server may send `javascript:`, which would run in this page. */
export function OriginalLink({ url }: { url: string | null }): JSX.Element {
  const isPage =
    url && URL.canParse(url, location.href) && /^https?:/.test(new URL(url, location.href).protocol)
  return (
    <a class="button" target="_blank" rel="noreferrer" hidden={!isPage} {...(isPage && { href: url })}>
      Open the original
    </a>
  )
}

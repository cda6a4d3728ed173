import { getRun } from '@flowscale/client'
import type { ComponentChildren, JSX } from 'preact'
import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { CalledWorkflow } from '../state/form.ts'
import { workflowIdOf } from '../state/runs.ts'
import { change, type Given, type PageRun, say, state, type Texts } from '../state/store.ts'
import { callCode } from './callCode.ts'
import { OriginalLink } from './Output.tsx'

/** Shows the code of a call. */
export function showCode(workflow: CalledWorkflow, given: Given): void {
  const inputs = Object.fromEntries(given.filter(([name, value]) => name && value !== undefined))
  const { href } = new URL(state.server.trim() || '/', location.href)
  const call = { baseUrl: href.replace(/\/+$/, ''), apiKey: state.key.trim(), workflow, inputs }
  change({ reader: { title: 'Code', texts: callCode(call) } })
}

/** Shows request and run as JSON. */
export function showJson(run: PageRun): void {
  const sent = Object.fromEntries(run.sent ?? run.inputs)
  const file = (_: string, value: unknown) =>
    value instanceof File ? { file: value.name, size: value.size, type: value.type } : value
  const request = { workflow_id: workflowIdOf(run), inputs: sent }
  const texts = { Request: JSON.stringify(request, file, 2), Run: () => readJson(run) }
  change({ reader: { title: 'JSON', texts } })
}

async function readJson({ id }: PageRun): Promise<string> {
  const { session } = state
  if (!session) return 'Connect to see the run as the server has it.'
  try {
    const { data } = await getRun(session.client, id, { signal: session.stop.signal })
    return JSON.stringify(data, null, 2)
  } catch (error) {
    return (error as Error).message
  }
}

/** The dialogs: texts to copy, and an image over the page. */
export function Dialogs(): JSX.Element {
  const { reader, zoom } = state
  return (
    <>
      <Dialog id="reader" aria-labelledby="reader-title" onClose={() => change({ reader: undefined })}>
        {reader && <Reader {...reader} />}
      </Dialog>
      <Dialog id="zoom" aria-label="Image" onClose={() => change({ zoom: undefined })}>
        {zoom && <Zoom {...zoom} />}
      </Dialog>
    </>
  )
}

interface DialogProps {
  id: string
  'aria-label'?: string
  'aria-labelledby'?: string
  onClose: () => void
  children: ComponentChildren
}

/** Opens once it has children. */
function Dialog({ children, ...rest }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  const isOpen = Boolean(children)
  useLayoutEffect(() => {
    if (isOpen) dialog.current?.showModal()
  }, [isOpen])
  return (
    <dialog ref={dialog} {...rest}>
      {children}
    </dialog>
  )
}

const closeDialog = ({ currentTarget }: { currentTarget: Element }) =>
  currentTarget.closest('dialog')?.close()

/** Texts, one at a time, with a button that copies the one in view. */
function Reader({ title, texts }: { title: string; texts: Texts }) {
  const [name, setName] = useState(Object.keys(texts)[0]!)
  const [text, setText] = useState('')
  const [copyWord, setCopyWord] = useState('Copy')
  const body = useRef<HTMLPreElement>(null)
  useLayoutEffect(() => {
    const given = texts[name]!
    let isShown = true
    setCopyWord('Copy')
    setText(typeof given === 'string' ? given : 'Loading …')
    if (typeof given !== 'string') given().then((text) => isShown && setText(text))
    return () => {
      isShown = false
    }
  }, [name])

  async function copy() {
    const isCopied = await copyText(body.current!)
    const word = isCopied ? 'Copied' : 'Select the text, and copy it'
    setCopyWord(word)
    say(word)
  }

  return (
    <>
      <h2 id="reader-title">{title}</h2>
      <fieldset class="tabs">
        <legend class="unseen">{title}</legend>
        {Object.keys(texts).map((one) => (
          <label key={one}>
            <input type="radio" name="reader" checked={one === name} onChange={() => setName(one)} />
            <span>{one}</span>
          </label>
        ))}
      </fieldset>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard scrolls it */}
      <pre ref={body} tabIndex={0}>
        {text}
      </pre>
      <div class="actions">
        <button type="button" class="primary" onClick={copy}>
          {copyWord}
        </button>
        <button type="button" onClick={closeDialog}>
          Close
        </button>
      </div>
    </>
  )
}

async function copyText(element: Element): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(element.textContent ?? '')
    return true
  } catch {
    // A page that is neither local nor https has no clipboard.
    getSelection()?.selectAllChildren(element)
    return false
  }
}

/** An image: whole, or pixel by pixel after a click. */
function Zoom({ url, title }: { url: string; title: string }) {
  const [isActual, setActual] = useState(false)
  const toggle = () => setActual(!isActual)
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard scrolls it */}
      {/* biome-ignore lint/a11y/useSemanticElements: no fieldset, as it holds no field */}
      <div class={isActual ? 'view actual' : 'view'} tabIndex={0} role="group" aria-label="Image">
        {/* biome-ignore lint/a11y/useKeyWithClickEvents: a button does the same */}
        <img src={url} alt={title} onClick={toggle} />
      </div>
      <div class="actions">
        <button type="button" onClick={toggle}>
          {isActual ? 'Fit to the window' : 'Actual size'}
        </button>
        <OriginalLink url={url} />
        <button type="button" autofocus onClick={closeDialog}>
          Close
        </button>
      </div>
    </>
  )
}

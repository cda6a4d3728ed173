import { getRun } from '@flowscale/client'
import type { JSX } from 'preact'
import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { CalledWorkflow } from '../state/form.ts'
import { workflowIdOf } from '../state/runs.ts'
import { change, type Given, type PageRun, say, state } from '../state/store.ts'
import { callCode } from './callCode.ts'
import { closeDialog, Dialog } from './Dialog.tsx'

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

/** The dialog with texts to copy. */
export function Reader(): JSX.Element {
  const { reader } = state
  return (
    <Dialog id="reader" aria-labelledby="reader-title" onClose={() => change({ reader: undefined })}>
      {reader && <Texts {...reader} />}
    </Dialog>
  )
}

/** Texts, one at a time, with a button that copies the one in view. */
function Texts({ title, texts }: NonNullable<typeof state.reader>) {
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

import { getRun } from '@flowscale/client'
import type { ComponentChildren, JSX } from 'preact'
import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import { type CalledWorkflow, isFile } from '../state/form.ts'
import { workflowIdOf } from '../state/runs.ts'
import { change, type Given, type PageRun, say, state } from '../state/store.ts'
import { callCode } from './callCode.ts'
import { closeDialog, Dialog } from './Dialog.tsx'

/** Shows the code of a call. */
export function showCode(workflow: CalledWorkflow, given: Given): void {
  const { fields } = workflow
  const files = new Set(fields.flatMap((field) => (isFile(field) ? [field.name] : [])))
  // If the server has a file, the page knows only its name.
  const toFile = (value: unknown): unknown =>
    Array.isArray(value) ? value.map(toFile) : typeof value === 'string' ? new File([], value) : value
  const inputs = Object.fromEntries(
    given.flatMap(([name, value]) =>
      name && value !== undefined ? [[name, files.has(name) ? toFile(value) : value]] : [],
    ),
  )
  const { href } = new URL(state.server.trim() || '/', location.href)
  const isGateway = fields.some(({ details }) => details)
  const call = { baseUrl: href.replace(/\/+$/, ''), apiKey: state.key.trim(), workflow, inputs, isGateway }
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
        {colored(text, name)}
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

const strings = String.raw`'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"`
/** A shell knows no escapes in single quotes, and has a backslash outside. */
const shellStrings = String.raw`'[^']*'|"(?:\\.|[^"\\])*"|\\.`
const words =
  'as|async|await|const|def|else|except|export|False|false|for|from|if|import|in|is|None|not|null|or|print|raise|return|True|true|try|type|while|with|curl|jq|xargs|npx'
const colors = ['comment', 'string', 'number', 'word']

/** Code with its comments, texts, numbers and words in colours. */
function colored(code: string, language: string): ComponentChildren {
  // Colours take long in a long text, such as a run with many outputs.
  if (code.length > 100_000) return code
  const isShell = /curl|Shell|Command/.test(language)
  const parts = `((?:^|  )#.*)|(${isShell ? shellStrings : strings})|((?<![\\w.:-])\\d+(?:\\.\\d+)?(?![\\w.]))|\\b(${words})\\b`
  const shown: ComponentChildren[] = []
  let at = 0
  for (const match of code.matchAll(new RegExp(parts, 'gm'))) {
    const color = colors[match.slice(1).findIndex((part) => part !== undefined)]!
    shown.push(code.slice(at, match.index), <span class={color}>{match[0]}</span>)
    at = match.index + match[0].length
  }
  return [...shown, code.slice(at)]
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

// The page that hooks.browser.ts drives. It says by its address what it shows.
import { type Client, createClient, type ResultOutput } from '@flowscale/client'
import { connectEvents } from '@flowscale/client/events'
import { useOutputUrl, useRun } from '@flowscale/client/react'
import { createElement as h, StrictMode, useEffect, useState } from 'react'
import { createRoot, hydrateRoot } from 'react-dom/client'
import { renderToString } from 'react-dom/server'

const make = () => createClient({ baseUrl: '/api/flowscale', retryDelayMs: 10 })
const client = make()
const push = connectEvents(client)
const mode = new URLSearchParams(location.search).get('mode')

/** What the test reads and turns. */
const hooks = {
  show: (_isShown: boolean) => {},
  use: (_next: { client?: Client; key?: string; output?: ResultOutput }) => {},
  another: make,
  again: () => {},
  /** The functions of each rendering, and each status that was shown. */
  functions: new Set<unknown>(),
  shown: [] as string[],
  progress: [] as number[],
  errors: [] as string[],
}
Object.assign(globalThis, { hooks })

function Run({ client, name }: { client: Client; name: string | undefined }) {
  const [, render] = useState(0)
  const [isMade, setMade] = useState(false)
  const run = useRun(isMade ? make() : client, { push, pollIntervalMs: 100, key: name })
  for (const each of [run.start, run.cancel, run.reset]) hooks.functions.add(each)
  useEffect(() => {
    hooks.again = () => render((count) => count + 1)
    if (hooks.shown.at(-1) !== run.status) hooks.shown.push(run.status)
    if (run.status === 'running' && run.progress !== undefined) hooks.progress.push(run.progress)
  })
  const label = new URLSearchParams(location.search).get('label') ?? 'a'
  return h(
    'section',
    null,
    h('button', { type: 'button', onClick: () => run.start('gate', { label }) }, 'Start'),
    h('button', { type: 'button', onClick: run.cancel }, 'Cancel'),
    h('button', { type: 'button', onClick: run.reset }, 'Reset'),
    h('button', { type: 'button', onClick: () => setMade(true) }, 'Make a client in the component'),
    h('p', { role: 'status' }, run.status),
    h('p', { title: 'run' }, run.runId),
    run.status === 'completed' && h('a', { href: run.outputs[0]?.download_url }, 'output'),
  )
}

function Image({ output }: { output: ResultOutput | undefined }) {
  return h('img', { ...useOutputUrl(client, output), alt: 'output' })
}

function Page() {
  const [isShown, show] = useState(true)
  const [given, use] = useState<Parameters<typeof hooks.use>[0]>({})
  useEffect(() => Object.assign(hooks, { show, use }) && undefined, [])
  if (!isShown) return null
  return mode === 'image'
    ? h(Image, { output: given.output })
    : h(Run, { client: given.client ?? client, name: given.key })
}

const page = h(StrictMode, null, h(Page))
const root = document.getElementById('root')!
addEventListener('error', ({ message }) => hooks.errors.push(message))
if (mode === 'hydrate') {
  root.innerHTML = renderToString(page)
  hooks.shown.push(root.querySelector('[role=status]')!.textContent!)
  hydrateRoot(root, page, { onRecoverableError: (error) => hooks.errors.push(String(error)) })
} else createRoot(root).render(page)

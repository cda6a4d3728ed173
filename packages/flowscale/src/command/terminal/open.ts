import { extname, resolve } from 'node:path'
import type { Client } from '@flowscale/client'
import { usageError } from '../errors.ts'
import type { DeliveredOutput } from '../finishRun.ts'
import { clean, type Printer } from './printer.ts'

/** What a program shows and does not run. A server chooses the names of its files. */
const shown =
  /^\.(?:png|jpe?g|webp|gif|avif|bmp|tiff?|mp4|webm|mov|mkv|mp3|wav|flac|ogg|opus|m4a|glb|txt|md|json|csv)$/i
/** A run with hundreds of pictures must not open hundreds of windows. */
const mostShown = 10

/** `--open`: shows saved files in the programs of this machine, and links in its browser. A failure is a note. */
export async function openOutputs(outputs: readonly DeliveredOutput[], print: Printer): Promise<void> {
  for (const { path, filename, download_url } of outputs.slice(0, mostShown)) {
    const isShown = path ? shown.test(extname(path)) : /^https?:/.test(download_url ?? '')
    if (isShown) await openTarget(path ? resolve(path) : download_url!, print)
    else print.note(`${path ?? clean(filename)} is not opened: it may be a program.`)
  }
  const more = outputs.length - mostShown
  if (more > 0) print.note(`Only the first ${mostShown} outputs are opened.`)
}

/** `--web`: the page of a run, on servers that have one. Made before a run is submitted, so that an error costs nothing. */
export async function findPage(
  { baseUrl }: Client,
  signal: AbortSignal,
): Promise<(workflowId: string | null | undefined, runId: string) => string> {
  // No key: pages are for everybody.
  const response = await fetch(`${baseUrl}/`, {
    headers: { accept: 'text/html' },
    signal: AbortSignal.any([signal, AbortSignal.timeout(10_000)]),
  }).catch(() => signal.throwIfAborted())
  if (!/<title>FlowScale playground</.test((await response?.text()) ?? ''))
    throw usageError(`${baseUrl} shows no page for runs: leave out --web.`)
  return (workflowId, runId) =>
    `${baseUrl}/#${new URLSearchParams({ ...(workflowId && { workflow: workflowId }), run: runId })}`
}

/** Opens a file or an address. Started without a shell, so that nothing in a name is a command. */
export async function openTarget(target: string, print: Printer): Promise<void> {
  const [program, ...args] =
    process.platform === 'darwin'
      ? ['open', target]
      : process.platform === 'win32'
        ? ['rundll32', 'url.dll,FileProtocolHandler', target]
        : ['xdg-open', target]
  const { spawn } = await import('node:child_process')
  // Whatever goes wrong here, the run goes on.
  await new Promise<void>((settle, fail) => {
    const child = spawn(program!, args, { stdio: 'ignore', detached: true })
    child.on('spawn', settle)
    child.on('error', fail)
    child.unref()
  }).catch(() => print.note(`${clean(target)} could not be opened: "${program}" is missing.`))
}

import { type Client, getRun, isEnded } from '@flowscale/client'
import type { RunProgress } from '@flowscale/client/poller'
import type { Ora } from 'ora'
import { clean, type Printer, setStatusLine, terminal } from './printer.ts'

/** One line on stderr that says how far the work is. */
export interface Progress {
  /** Whether anybody sees it: neither without a terminal nor after `stop`. */
  readonly isSeen: boolean
  /** `detail` is cut first, where the window is narrow. Between the two stands the time since the first call. */
  show(text: string, detail?: string): void
  /** Takes the line away, and gives the cursor back. */
  stop(): void
}

/**
 * In a terminal the line moves. In a dumb one it cannot: a line is printed when other words are said, not for other
 * numbers. No terminal, the log of a CI, or `--quiet`: nothing.
 */
export function createProgress({ isQuiet }: Pick<Printer, 'isQuiet'>): Progress {
  const { isTTY, isDumb } = terminal(process.stderr)
  if (!isTTY || isQuiet || process.env.CI) return { isSeen: false, show() {}, stop() {} }
  return isDumb ? createPlainProgress() : createMovingProgress()
}

function createPlainProgress(): Progress {
  let last = ''
  let isStopped = false
  return {
    get isSeen() {
      return !isStopped
    },
    show(text, detail) {
      if (isStopped) return
      const line = join(text, detail)
      const words = line.replace(/\d+/g, '')
      if (words !== last) process.stderr.write(`${line}\n`)
      last = words
    },
    stop() {
      isStopped = true
    },
  }
}

function createMovingProgress(): Progress {
  const since = Date.now()
  let shown: Parameters<Progress['show']> | undefined
  let isStopped = false
  let clock: NodeJS.Timeout | undefined
  let spinner: Ora | undefined
  let fit = (line: string) => line
  const text = () => fit(join(shown![0], elapsed(Date.now() - since), shown![1]))
  const stop = () => {
    isStopped = true
    clearInterval(clock)
    setStatusLine(undefined)
    spinner?.stop()
    process.off('exit', stop)
  }
  // The libraries are loaded only where a terminal shows the line, while the first answer is on its way.
  const load = async () => {
    const [{ default: ora }, { default: cliTruncate }] = await Promise.all([
      import('ora'),
      import('cli-truncate'),
    ])
    if (isStopped) return
    const { hasUnicode, colors } = terminal(process.stderr)
    const frames = [...(hasUnicode ? '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏' : '-\\|/')].map((frame) => colors.cyan(frame))
    const end = hasUnicode ? '…' : '...'
    // ora counts four columns beside the text: with more, it takes away a line above.
    fit = (line) => cliTruncate(line, terminal(process.stderr).width - 4, { truncationCharacter: end })
    spinner = ora({
      discardStdin: false,
      isEnabled: true,
      color: false,
      spinner: { frames, interval: hasUnicode ? 80 : 130 },
      text: text(),
    })
    setStatusLine(spinner)
    spinner.start()
    clock = setInterval(() => {
      if (spinner) spinner.text = text()
    }, 1000)
  }
  return {
    get isSeen() {
      return !isStopped
    },
    show(...next) {
      if (isStopped) return
      if (!shown) {
        process.on('exit', stop)
        void load()
      }
      shown = next
      if (spinner) spinner.text = text()
    },
    stop,
  }
}

const join = (...parts: readonly (string | undefined)[]): string => clean(parts.filter(Boolean).join(', '))

/** As `12 s` or `2 min 5 s`; nothing in the first second. */
export function elapsed(ms: number): string {
  const seconds = Math.floor(ms / 1000)
  const minutes = Math.floor(seconds / 60)
  if (!seconds) return ''
  return minutes ? `${minutes} min ${seconds % 60} s` : `${seconds} s`
}

/** How often the server is asked why a run waits, in ms. A gateway knows it after 10 s. */
const askMs = 5000

/** Makes an `onProgress` that shows a person a line, and the first preview, and a program an event. */
export function showState(
  runId: () => string | undefined,
  progress: Progress,
  { client, print }: { client: Client; print: Printer },
): (state: RunProgress) => void {
  let isShown = false
  let asking: NodeJS.Timeout | undefined
  return (state) => {
    // The address opens the latest picture, until it expires.
    if (state.preview && !isShown) print.note(`Preview: ${state.preview}`)
    isShown ||= !!state.preview
    const status = toStatus(state.status)
    print.event('progress', { runId: runId(), ...state, status })
    const [text, node] = partsOf(state)
    progress.show(text, node)
    clearInterval(asking)
    const id = runId()
    if (id === undefined || !progress.isSeen || print.isJson) return
    // `onProgress` is not called for a new reason alone.
    const timer = setInterval(async () => {
      if (!progress.isSeen) return clearInterval(timer)
      const options = { maxRetries: 0, signal: AbortSignal.timeout(askMs) }
      const found = await getRun(client, id, options).catch(() => undefined)
      if (found && timer === asking) progress.show(text, found.data.waits_for ?? node)
    }, askMs).unref()
    asking = timer
  }
}

/** The one word for a state, whatever the server calls it. An unknown word stays. */
export function toStatus(status: string): string {
  if (status === 'pending') return 'queued'
  if (status === 'in_progress') return 'running'
  if (status === 'success') return 'completed'
  if (status === 'error') return 'failed'
  return status === 'canceled' ? 'cancelled' : status
}

/** As `running  42 %, KSampler` or `queued, 3 before it`. A `position` of 0 is the next run. */
export const progressText = (state: State): string => join(...partsOf(state))

type State = Omit<RunProgress, 'node'> & { node?: unknown }

/** The state, and the node that the run is at. */
function partsOf({ status, progress, position, node }: State): [text: string, node?: string] {
  const word = toStatus(status)
  if (position !== undefined) return [position > 0 ? `${word}, ${position} before it` : `${word}, next`]
  if (isEnded(word)) return [word]
  // Three digits wide, so that the line stands still.
  const percent = `${Math.floor(Number(progress) * 100)}`.padStart(3)
  const text = progress === undefined ? word : `${word} ${percent} %`
  return typeof node === 'string' ? [text, node] : [text]
}

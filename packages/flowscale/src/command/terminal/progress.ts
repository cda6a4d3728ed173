import { isEnded } from '@flowscale/client'
import type { RunProgress } from '@flowscale/client/poller'
import type { Ora } from 'ora'
import { clean, type Printer, setStatusLine, terminal } from './printer.ts'

/** One line on stderr that says how far the work is. */
export interface Progress {
  show(text: string): void
  /** Takes the line away, and gives the cursor back. */
  stop(): void
}

/**
 * In a terminal the line moves. In a dumb one it cannot: a line is printed when other words are said, not for other
 * numbers. No terminal, or the log of a CI: nothing.
 */
export function createProgress(): Progress {
  const { isTTY, isDumb } = terminal(process.stderr)
  if (!isTTY || process.env.CI) return { show() {}, stop() {} }
  return isDumb ? createPlainProgress() : createMovingProgress()
}

function createPlainProgress(): Progress {
  let last = ''
  return {
    show(text) {
      const line = clean(text)
      const words = line.replace(/\d+/g, '')
      if (words !== last) process.stderr.write(`${line}\n`)
      last = words
    },
    stop() {},
  }
}

function createMovingProgress(): Progress {
  let text = ''
  let isStopped = false
  let spinner: Ora | undefined
  let fit = (line: string) => line
  const stop = () => {
    isStopped = true
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
    // The frame, a space, and a last column that stays empty, as some terminals wrap there.
    fit = (line) => cliTruncate(line, terminal(process.stderr).width - 3, { truncationCharacter: end })
    spinner = ora({
      discardStdin: false,
      isEnabled: true,
      color: false,
      spinner: { frames, interval: hasUnicode ? 80 : 130 },
      text: fit(text),
    })
    setStatusLine(spinner)
    spinner.start()
  }
  return {
    show(next) {
      if (isStopped) return
      if (!text) {
        process.on('exit', stop)
        void load()
      }
      text = clean(next)
      if (spinner) spinner.text = fit(text)
    },
    stop,
  }
}

/** Makes an `onProgress` that shows a person a line, and a program an event. */
export function showState(
  runId: () => string | undefined,
  progress: Progress,
  print: Printer,
): (state: RunProgress) => void {
  return (state) => {
    print.event('progress', { runId: runId(), ...state })
    progress.show(progressText(state))
  }
}

/** As `running 42 %, KSampler` or `queued, 3 before it`. A place counts from 0 here: 0 is the next to be run. */
export function progressText({
  status,
  progress,
  position,
  node,
}: Omit<RunProgress, 'node'> & { node?: unknown }): string {
  const word = status === 'in_progress' ? 'running' : status === 'pending' ? 'queued' : status
  if (position !== undefined) return position > 0 ? `${word}, ${position} before it` : `${word}, next`
  if (isEnded(word)) return word
  return (
    (progress === undefined ? word : `${word} ${Math.floor(progress * 100)} %`) +
    (node && typeof node === 'string' ? `, ${node}` : '')
  )
}

import type { Ora } from 'ora'
import { clean } from '../clean.ts'
import { setStatusLine } from '../statusLine.ts'
import { terminal } from '../terminal.ts'

/** One line on stderr that says how far things are. */
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
  // The libraries are loaded where a terminal shows them only, and while the first answer is on its way.
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

import ora from 'ora'

/** A line of progress: a spinner on a terminal, plain lines elsewhere. */
export function createReporter() {
  // In a terminal without a width (such as a recorder), a spinner would count lines for ever.
  const live = Boolean(process.stdout.isTTY && process.stdout.columns)
  const spinner = ora({ stream: process.stdout, isEnabled: live, discardStdin: false })
  let last = ''
  return {
    /** Whether a line can be updated in place. */
    live,
    /** Shows the current step; on a plain output only when `line` changes. */
    progress(line: string, detail = ''): void {
      if (live) {
        spinner.text = detail ? `${line} ${detail}` : line
        if (!spinner.isSpinning) spinner.start()
      } else if (line !== last) {
        console.log(`  ${line}`)
      }
      last = line
    },
    /** Shows a finished step, with its time in ms. */
    done(line: string, ms?: number): void {
      spinner.stop()
      const time = ms === undefined ? '' : `${(ms / 1000).toFixed(2)} s`
      console.log(`✔ ${line.padEnd(58)} ${time.padStart(8)}`)
      last = ''
    },
    stop(): void {
      spinner.stop()
    },
  }
}

import ora from 'ora'

/** A line of progress: a spinner on a terminal, plain lines elsewhere. */
export function createReporter() {
  // A terminal without a width (a recorder, say) is none for a spinner: it would count lines for ever.
  const live = Boolean(process.stdout.isTTY && process.stdout.columns)
  const spinner = ora({ stream: process.stdout, isEnabled: live, discardStdin: false })
  let last = ''
  return {
    /** Whether what is shown can be updated in place. */
    live,
    /** What is going on; on a plain output only when `line` changes. */
    progress(line: string, detail = ''): void {
      if (live) {
        spinner.text = detail ? `${line} ${detail}` : line
        if (!spinner.isSpinning) spinner.start()
      } else if (line !== last) {
        console.log(`  ${line}`)
      }
      last = line
    },
    /** A step that is done, with the time that it took in ms. */
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

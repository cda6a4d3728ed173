import ora from 'ora'

/** A line of progress: a spinner on a terminal, plain lines elsewhere. */
export function createReporter() {
  // In a terminal without a width (such as a recorder), a spinner would count lines for ever.
  const live = Boolean(process.stdout.isTTY && process.stdout.columns)
  const spinner = ora({ stream: process.stdout, isEnabled: live, discardStdin: false })
  return {
    /** Whether a line can be updated in place. */
    live,
    /** Shows the current step. */
    progress(line: string): void {
      if (!live) console.log(`  ${line}`)
      else if (spinner.isSpinning) spinner.text = line
      else spinner.start(line)
    },
    /** Shows a finished step, with its time in ms. */
    done(line: string, ms: number): void {
      spinner.stop()
      console.log(`✔ ${line.padEnd(58)} ${`${(ms / 1000).toFixed(2)} s`.padStart(8)}`)
    },
    stop: () => spinner.stop(),
  }
}

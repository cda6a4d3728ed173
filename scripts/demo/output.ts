// What the demo says.
import { isFlowScaleError } from '@flowscale/client'
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

/** An error that needs no stack: one clear sentence. */
export class Sentence extends Error {}

/** The error in one sentence, for somebody who is new to the client. */
export function toSentence(error: unknown, url: string, hasKey = true): string {
  if (error instanceof Sentence) return error.message
  if (!isFlowScaleError(error)) return String(error)
  switch (error.code) {
    case 'ERR_FLOWSCALE_NETWORK':
      return `Can't reach ${url}: ${error.message.split('got no answer: ').pop()}. Is the URL right?`
    case 'ERR_FLOWSCALE_HTTP':
      return error.status === 401 || error.status === 403
        ? `${url} ${hasKey ? 'refused the key' : 'needs a key'} (${error.status}): check --api-key or FLOWSCALE_API_KEY.`
        : error.message
    case 'ERR_FLOWSCALE_VALIDATION':
      return `The server refused the inputs: ${error.errors.join('; ')}.`
    default:
      return error.message
  }
}

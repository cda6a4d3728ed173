import type { Output } from '../output.ts'

/** Reads stdin to its end, for an input of that name. */
export type ReadStdin = (input: string) => Promise<Uint8Array>

/** Reads stdin for the input that needs it. If stdin is a terminal, a line on stderr asks the user to type. */
export function createStdin(output: Output, signal: AbortSignal): ReadStdin {
  return async (input) => {
    signal.throwIfAborted()
    const { stdin } = process
    if (stdin.isTTY)
      output.note(`Reading ${input} from the terminal. End it with Ctrl-D on a line of its own.`)
    // An iteration over a terminal does not end by itself.
    const stop = () => void stdin.destroy(signal.reason)
    signal.addEventListener('abort', stop)
    const chunks: Buffer[] = []
    try {
      for await (const chunk of stdin) chunks.push(Buffer.from(chunk))
    } finally {
      signal.removeEventListener('abort', stop)
    }
    signal.throwIfAborted()
    return Buffer.concat(chunks)
  }
}

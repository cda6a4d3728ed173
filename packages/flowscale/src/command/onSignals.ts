import { Interrupted } from './Interrupted.ts'

const exitCodes = { SIGINT: 130, SIGTERM: 143 } as const

/** The first Ctrl-C or SIGTERM aborts, the second ends the process at once. Gives a function that stops listening. */
export function onSignals(controller: AbortController): () => void {
  const listeners = Object.entries(exitCodes).map(([name, exitCode]) => {
    const listener = () => {
      if (controller.signal.aborted) process.exit(exitCode)
      controller.abort(new Interrupted(exitCode))
    }
    process.on(name, listener)
    return () => process.off(name, listener)
  })
  return () => {
    for (const stop of listeners) stop()
  }
}

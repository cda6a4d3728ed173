import type { ListenError } from './listen.ts'

/** Prints why a command failed, and makes its exit code 1. */
export function reportFailure(command: string, error: unknown): void {
  const message = error instanceof Error ? error.message : String(error)
  const { code } = error as ListenError
  const wayOut = code === 'EADDRINUSE' ? '. Choose another port with --port.' : ''
  process.stderr.write(`${command}: ${message}${wayOut}\n`)
  process.exitCode = 1
}

import type { Client } from '@flowscale/client'
import type { Circumstances } from './describeError.ts'
import { onSignals } from './onSignals.ts'
import type { Output } from './terminal/printer.ts'
import type { FlagValue, VerbEntry } from './types.ts'

/** Runs a verb. It adds the circumstances of errors to `known`. */
export async function startVerb(
  entry: VerbEntry,
  args: readonly string[],
  flags: Readonly<Record<string, FlagValue>>,
  output: Output,
  known: Circumstances,
): Promise<void> {
  const controller = new AbortController()
  const { signal } = controller
  const stop = onSignals(controller)
  known.signal = signal
  try {
    const [verb, settings] = await Promise.all([
      entry.load(),
      entry.isLocal ? undefined : import('./connect.ts'),
    ])
    let client: Client | undefined
    await verb({
      args,
      flags,
      output,
      signal,
      // Made when it is asked for, so that a verb can find a wrong call before the settings are looked for.
      get client() {
        client ??= settings!.connect(flags, output, known)
        return client
      },
    })
  } finally {
    stop()
  }
}

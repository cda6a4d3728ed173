// The client as it is shipped, for the runtimes: bundled, and started by `command.mjs` or `workerd.mjs`.
import * as index from '@flowscale/client'
import * as poller from '@flowscale/client/poller'
import { type Call, executeCalls, type Lib, type Orders } from './executeCalls.ts'
import { createSpy } from './guard.ts'

/** What a runtime tells when it is done. */
export interface Told {
  version: string
  calls: Call[]
  /** Lines of the log that were searched for the key, and where it was. */
  lines: number
  leaks: string[]
}

/** Asks what to execute, does it, and tells what the callers know. */
export async function run(control: string, _row: string, { version }: { version: string }): Promise<void> {
  const orders: Orders = await (await fetch(`${control}/orders`)).json()
  const spy = createSpy()
  // Its types are built apart from those of the sources.
  const lib = { ...index, ...poller } as unknown as Lib
  const calls = await executeCalls(lib, orders, spy)
  const { lines, leaks } = spy
  const body = JSON.stringify({ version, calls, lines, leaks } satisfies Told)
  await fetch(`${control}/done`, { method: 'POST', body })
}

#!/usr/bin/env node
import type { ListenError } from '@flowscale/gateway/node'
import { rules } from '../../gateway/src/internal.ts'
import {
  type Log,
  listLines,
  logged,
  runServer,
  type Started,
  signatureOf,
  tryLine,
  withoutKeys,
} from '../../gateway/src/internalNode.ts'
import { createEmulator, type Emulator } from './createEmulator.ts'
import type { Ledger } from './engine/ledger.ts'
import type { FaultOptions } from './faults/table.ts'
import { createProgram, type EmulatorFlags } from './node/flags.ts'
import { loadAll } from './node/loadWorkflows.ts'
import { type Served, serve } from './node/serve.ts'
import { addBuiltIn, checkWorkflows, type Workflow } from './workflows/checkWorkflows.ts'

/** How many ports after the port of the API are tried for the files. */
const TRIES = 20

/** Ports near usual ones that fetch refuses to call ("bad ports" of the Fetch standard). */
const REFUSED = [
  2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
]

await runServer(createProgram(), new URL('../package.json', import.meta.url), start)

async function start(flags: EmulatorFlags, log: Log): Promise<Started> {
  const { dialect, containers, speed, chaos } = flags
  const { definitions, notes } = await loadAll(flags.workflows ?? [])
  const onFault: FaultOptions['onFault'] = (kind, { operation, target }) =>
    log(`fault ${kind}: ${operation} ${withoutKeys(target, emulator.apiKey)}`)
  const emulator = createEmulator({
    apiKey: flags.apiKey,
    dialect,
    containers,
    speed,
    workflows: definitions,
    faults: chaos === undefined ? undefined : { seed: chaos, chance: 0.1, onFault },
  })
  const served = await serveNearby(logged(emulator, log), flags)
  const { apiKey } = emulator
  const userWorkflows = checkWorkflows(definitions)
  // The user's workflows come first, so that the line to try is for one of them where possible.
  const workflows = new Set([...userWorkflows, ...addBuiltIn(userWorkflows).values()])
  return {
    facts: { url: served.url, filesUrl: served.filesUrl, apiKey },
    banner: banner(served, apiKey, chaos, [...workflows]),
    notes: notes.map((note) => `note: ${note}`),
    async stop() {
      emulator.close()
      const closed = served.close()
      if (chaos !== undefined) log(ledgerLine(emulator.ledger))
      await closed
    },
  }
}

/** Serves the API on `port`, and the files on the next port that is free. */
async function serveNearby(emulator: Emulator, { port, host: hostname }: EmulatorFlags): Promise<Served> {
  if (port === 0) return await serve(emulator, { hostname })
  for (let filesPort = port + 1; filesPort <= Math.min(port + TRIES, rules.MOST_PORT); filesPort++) {
    if (REFUSED.includes(filesPort)) continue
    try {
      return await serve(emulator, { port, filesPort, hostname })
    } catch (error) {
      const { code, port: taken } = error as ListenError
      if (code !== 'EADDRINUSE' || taken !== filesPort) throw error
    }
  }
  return await serve(emulator, { port, hostname })
}

function banner(
  { url, filesUrl }: Served,
  apiKey: string,
  chaos: number | undefined,
  workflows: readonly Workflow[],
): string {
  const listed = workflows.map(({ id, name, description, inputs, outputs }) => {
    const signature = { inputs: Object.fromEntries(inputs), outputs: Object.fromEntries(outputs) }
    return {
      id,
      text: description ? `${name}: ${description}` : signatureOf(signature),
      ...signature,
      problem: null,
    }
  })
  return `
  The emulator is running. Ctrl+C stops it.

  page   ${url}/
  API    ${url}
  files  ${filesUrl}
  socket ${url.replace(/^http/, 'ws')}/api/v1/ws
  key    ${apiKey}
${chaos === undefined ? '' : `  chaos  seed ${chaos}: one request in ten meets a fault\n`}
  Workflows
${listLines(listed.map(({ id, text }) => [id, text]))}
${tryLine(url, apiKey, listed)}
`
}

/** The ledger on one line, its lists as their lengths. */
function ledgerLine({ runs, results, faults, keys }: Ledger): string {
  return `ledger ${JSON.stringify({ runs: runs.length, results: Object.keys(results).length, faults, keys })}`
}

#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { logged, reportFailure, signatureOf, tryLine } from '@flowscale/gateway/internal/node'
import type { ListenError } from '@flowscale/gateway/node'
import { createEmulator, type Emulator } from './createEmulator.ts'
import type { Ledger } from './engine/ledger.ts'
import { help, readFlags } from './node/flags.ts'
import { loadAll } from './node/loadWorkflows.ts'
import { type Served, serve } from './node/serve.ts'
import { addBuiltIn, checkWorkflows, type Workflow } from './workflows/checkWorkflows.ts'

// A reader that has gone away (`| head -1`) must not end the server.
process.stdout.on('error', () => {})
process.stderr.on('error', () => {})

async function main(): Promise<void> {
  const flags = readFlags(process.argv.slice(2))
  if (flags.help) return void process.stdout.write(help())
  if (flags.version) return void process.stdout.write(`${version()}\n`)

  const { definitions, notes } = await loadAll(flags.workflows)
  const log = flags.json ? process.stderr : process.stdout
  const emulator: Emulator = createEmulator({
    ...flags.options,
    workflows: definitions,
    faults: flags.options.faults && {
      ...flags.options.faults,
      onFault: (kind, { operation, target }) => void log.write(`fault ${kind}: ${operation} ${target}\n`),
    },
  })
  const served = await serveNearby(
    logged(emulator, (line) => void log.write(`${line}\n`)),
    flags,
  )
  const stop = (): void => {
    // Not `once` for both: with the handlers gone, a second signal ends the process at once.
    process.off('SIGINT', stop).off('SIGTERM', stop)
    emulator.close()
    void served.close()
    if (flags.options.faults) log.write(ledgerLine(emulator.ledger))
  }
  process.on('SIGINT', stop).on('SIGTERM', stop)

  const { url, filesUrl } = served
  const { apiKey } = emulator
  const own = checkWorkflows(definitions)
  // The user's come first, and the line to try is for one of them where that can be.
  const workflows = new Set([...own, ...addBuiltIn(own).values()])
  process.stdout.write(
    flags.json
      ? `${JSON.stringify({ url, filesUrl, apiKey })}\n`
      : banner({ url, filesUrl, apiKey, chaos: flags.options.faults?.seed, workflows: [...workflows] }),
  )
  for (const note of notes) log.write(`note: ${note}\n`)
}

function version(): string {
  const file = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  return (JSON.parse(file) as { version: string }).version
}

const TRIES = 20

/** Ports near usual ones that fetch refuses to call ("bad ports" of the Fetch standard). */
const REFUSED = [
  2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
]

/** Serves the API on `port`, and the files on the next port that is free. */
async function serveNearby(
  emulator: Emulator,
  { port, hostname }: { port: number; hostname: string },
): Promise<Served> {
  if (port === 0) return await serve(emulator, { hostname })
  for (let filesPort = port + 1; filesPort <= Math.min(port + TRIES, 65535); filesPort++) {
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

function banner({
  url,
  filesUrl,
  apiKey,
  chaos,
  workflows,
}: {
  url: string
  filesUrl: string
  apiKey: string
  chaos: number | undefined
  workflows: readonly Workflow[]
}): string {
  const width = Math.max(...workflows.map(({ id }) => id.length))
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
  A local FlowScale is running. Ctrl+C stops it.

  page   ${url}/
  API    ${url}
  files  ${filesUrl}
  socket ${url.replace(/^http/, 'ws')}/api/v1/ws
  key    ${apiKey}
${chaos === undefined ? '' : `  chaos  seed ${chaos}: one request in ten meets a fault\n`}
  Workflows
${listed.map(({ id, text }) => `    ${id.padEnd(width)}  ${text}`).join('\n')}
${tryLine(url, apiKey, listed)}
`
}

/** The ledger on one line, its lists as their lengths. */
function ledgerLine({ runs, results, faults, keys }: Ledger): string {
  return `ledger ${JSON.stringify({ runs: runs.length, results: Object.keys(results).length, faults, keys })}\n`
}

// Last, so that every constant of this file is there.
try {
  await main()
} catch (error) {
  reportFailure('flowscale-emulator', error)
}

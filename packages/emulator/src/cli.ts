#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { logged, reportFailure } from '@flowscale/gateway/node'
import { createEmulator } from './createEmulator.ts'
import { loadAll } from './folder/loadAll.ts'
import { banner } from './node/banner.ts'
import { help } from './node/help.ts'
import { ledgerLine } from './node/ledgerLine.ts'
import { readFlags } from './node/readFlags.ts'
import { serveNearby } from './node/serveNearby.ts'
import { addBuiltIn } from './options/addBuiltIn.ts'
import { checkWorkflows } from './options/checkWorkflows.ts'
import type { Emulator } from './types.ts'

// A reader that has gone away (`| head -1`) must not end the server.
process.stdout.on('error', () => {})
process.stderr.on('error', () => {})

try {
  await main()
} catch (error) {
  reportFailure('flowscale-emulator', error)
}

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

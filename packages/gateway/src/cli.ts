#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { comfyui } from './comfyui/comfyui.ts'
import { help, readFlags } from './command/flags.ts'
import { inspect } from './command/inspect.ts'
import { banner, logged, reportFailure } from './command/print.ts'
import { createGateway } from './createGateway.ts'
import { keepKey, makeKey, openFolder } from './node/dataFolder.ts'
import { readWorkflows } from './node/readWorkflows.ts'
import { serve } from './node/serve.ts'

// A reader that has gone away (`| head -1`) must not end the server.
process.stdout.on('error', () => {})
process.stderr.on('error', () => {})

const SHORTEST_KEY = 8
const SHORT_KEY =
  `Warning: the key has fewer than ${SHORTEST_KEY} characters. Others can guess it. ` +
  'Clients also replace the key in their errors, even inside other words. Use a longer key.'

try {
  const [first, ...rest] = process.argv.slice(2)
  await (first === 'inspect' ? inspect(rest) : main(process.argv.slice(2)))
} catch (error) {
  reportFailure('flowscale-gateway', error)
}

async function main(args: string[]): Promise<void> {
  const flags = readFlags(args)
  if (flags.help) return void process.stdout.write(help)
  if (flags.version) return void process.stdout.write(`${version()}\n`)

  const log = (line: string): void => void (flags.json ? process.stderr : process.stdout).write(`${line}\n`)
  const { data } = flags
  const key = async (): Promise<string> =>
    flags.apiKey ?? (data === undefined ? makeKey() : await keepKey(data))
  const workflows = await readWorkflows(flags.workflows)
  if (workflows.length === 0) {
    const advice = 'In ComfyUI, save a workflow there with "Workflow > Export (API)"'
    throw new Error(`The folder ${flags.workflows} has no workflow. ${advice}`)
  }
  const gateway = createGateway({
    engine: comfyui(flags.comfyui.length > 1 ? { urls: flags.comfyui } : { url: flags.comfyui[0] }),
    workflows,
    apiKey: flags.noKey ? null : await key(),
    // Without a key, there is nothing to derive it from.
    secret: flags.noKey ? makeKey() : undefined,
    publicUrl: flags.publicUrl,
    dialect: flags.dialect,
    storage: data === undefined ? undefined : await openFolder(`${data}/runs`),
    logger: { info: log, warn: log, error: log },
  })
  const report = await gateway.report()
  const { port, hostname } = flags
  const served = await serve(logged(gateway, log), { port, hostname })
  const stop = (): void => {
    // Not `once` for both: with the handlers gone, a second signal ends the process at once.
    process.off('SIGINT', stop).off('SIGTERM', stop)
    gateway.close()
    void served.close()
  }
  process.on('SIGINT', stop).on('SIGTERM', stop)

  const { apiKey } = gateway
  if (apiKey !== null && apiKey.length < SHORTEST_KEY) log(SHORT_KEY)
  const url = flags.publicUrl ?? served.url
  process.stdout.write(
    flags.json
      ? `${JSON.stringify({ url: served.url, filesUrl: url, apiKey, ...report })}\n`
      : banner(served.url, apiKey, report),
  )
}

function version(): string {
  const file = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  return (JSON.parse(file) as { version: string }).version
}

#!/usr/bin/env node
// The command `flowscale-gateway`.
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { comfyui } from './comfyui/comfyui.ts'
import {
  checkFlags,
  comfyKeyOf,
  createProgram,
  type GatewayFlags,
  isQueued,
  localComfyui,
  loopback,
} from './command/flags.ts'
import { addInspect } from './command/inspect.ts'
import { addKeyCommand } from './command/key.ts'
import { checkFolder, notesOn, openQueue } from './command/openQueue.ts'
import { addPause } from './command/pause.ts'
import { banner, logged } from './command/print.ts'
import { addQueue } from './command/queue.ts'
import { type Log, runServer, type Started } from './command/runServer.ts'
import { addSecret } from './command/secret.ts'
import { fromFlags, UsageError } from './command/serverCommand.ts'
import { addWorker } from './command/worker.ts'
import { createGateway, type Gateway } from './createGateway.ts'
import type { RunEnd } from './engine.ts'
import { isFromElsewhere } from './http/access.ts'
import { answerMetrics } from './http/routes/operator.ts'
import type { HttpApi } from './http/types.ts'
import { hasFailed } from './metrics/createOperator.ts'
import { keepKey, makeKey, userFolder } from './node/dataFolder.ts'
import { watchWorkflows } from './node/readWorkflows.ts'
import { type Served, serve } from './node/serve.ts'
import { watchKeys } from './node/watchKeys.ts'

const SHORTEST_KEY = 8
/** How long a stop waits for requests that are under way. */
const STOP_MS = 30_000
const SHORT_KEY =
  `Warning: the key has fewer than ${SHORTEST_KEY} characters. Others can guess it. ` +
  'Clients also replace the key in their errors, even inside other words. Use a longer key.'

const program = createProgram()
addInspect(program)
addWorker(program)
addQueue(program)
addKeyCommand(program)
addPause(program)
addSecret(program)
await runServer(program, new URL('../package.json', import.meta.url), start)

async function start(flags: GatewayFlags, log: Log): Promise<Started> {
  checkFlags(flags)
  const { port, host, publicUrl, dialect, keepDays, maxWaiting, header: headers, workers, maxWorkers } = flags
  const urls = flags.comfyui ?? (flags.workers ? undefined : [localComfyui])
  const hasQueue = isQueued(flags)
  const data = flags.data ?? (hasQueue && !flags.redis ? userFolder() : undefined)
  if (data !== undefined) checkFolder(flags, `${data}/queue`)
  const workflows = watchWorkflows(flags.workflows)
  // A folder that can't be read ends the command before it listens.
  await workflows()
  if (data !== undefined)
    await mkdir(data, { recursive: true }).catch(({ code }) => {
      const why = code === 'EEXIST' ? 'is a file: name a folder' : `can't be made (${code})`
      throw new UsageError(`--data ${data} ${why}.`)
    })
  const workerKey = flags.workerKey ?? (flags.workers && data ? await keep(data, 'worker-key') : undefined)
  const apiKey = await keyOf(flags, data)
  const keys = flags.keys === undefined ? undefined : watchKeys(flags.keys, { log })
  const options = {
    workflows,
    apiKey,
    keys,
    workerKey,
    // Gateways with one Redis find theirs in it.
    secret:
      flags.secret ??
      (keys && !apiKey && !flags.redis ? await keep(data ?? userFolder(), 'secret') : undefined),
    publicUrl,
    dialect,
    webhook: flags.webhook,
    webhookHosts: flags.webhookHosts,
    openai: flags.openai,
    ...(hasQueue ? { queue: await openQueue(flags, `${data}`) } : { keepDays }),
    maxWaiting,
    logger: {
      info: log,
      warn: (line: string) => log(line, { level: 'warn' }),
      error: (line: string) => log(line, { level: 'error' }),
      ...(flags.log === 'json' && {
        run: ({ id, ...run }: RunEnd) =>
          log('Run ended', { level: hasFailed({ id, ...run }) ? 'warn' : 'info', run: id, ...run }),
      }),
    },
    engine: fromFlags(() => comfyui({ urls, workers, headers, maxWorkers, comfyKey: comfyKeyOf(flags) })),
  }
  const gateway = fromFlags(() => createGateway(options))
  const orClose = async (error: unknown): Promise<never> => {
    // A connection would keep the process.
    await gateway.close().catch(() => {})
    throw error
  }
  const { notes = [], ...report } = await gateway.report().catch(orClose)
  const served = await serve(logged(gateway, log, workerKey), { port, hostname: host }).catch(orClose)
  const figures = await serveMetrics(gateway, flags).catch(async ({ message }: Error) => {
    await served.close(0)
    return orClose(new Error(`--metrics-port: ${message}`))
  })
  if (apiKey && apiKey.length < SHORTEST_KEY) log(SHORT_KEY)
  const filesUrl = publicUrl ?? served.url
  return {
    facts: { url: served.url, filesUrl, apiKey, workerKey, metricsUrl: figures?.url, ...report },
    banner: banner(served.url, apiKey, report, {
      keys: flags.keys,
      queue: flags.redis ? 'in Redis' : hasQueue ? `${data}/queue` : undefined,
      files: flags.files ?? (flags.redis ? `${data}/queue` : undefined),
      worker:
        workerKey && `npx @flowscale/gateway worker --gateway ${filesUrl} --key ${workerKey} --name gpu-1`,
      metrics: figures && `${figures.url}/metrics`,
    }),
    notes: [...notes, ...notesOn(hasQueue)],
    async stop() {
      gateway.drain()
      await served.close(STOP_MS)
      await figures?.close()
      await gateway.close()
    },
  }
}

/** Serves the figures on a port of their own, without a key: Prometheus may not know one. */
async function serveMetrics(
  gateway: Gateway,
  { metricsPort: port, host: hostname }: GatewayFlags,
): Promise<Served | undefined> {
  if (port === undefined) return undefined
  const isHere = loopback.includes(hostname)
  const handle: HttpApi['handle'] = async (request) => {
    if (isHere && isFromElsewhere(request)) return new Response(null, { status: 403 })
    if (new URL(request.url).pathname !== '/metrics') return new Response(null, { status: 404 })
    return await answerMetrics(gateway)
  }
  const api = { apiKey: null, handle, watch: () => () => {}, stateOf: () => null }
  return await serve(api, { port, hostname, files: true })
}

async function keyOf(
  { key, apiKey, keys }: GatewayFlags,
  data: string | undefined,
): Promise<string | null | undefined> {
  if (!key) return null
  if (keys !== undefined) return apiKey
  return apiKey ?? (data === undefined ? makeKey() : await keep(data, 'api-key'))
}

/** A file has the name of its flag. An error of the system may name a draft, which the user does not know, or no file. */
async function keep(folder: string, file: string): Promise<string> {
  return await keepKey(folder, file).catch((cause) => {
    if (cause.code === undefined) throw cause
    const problem = `${join(folder, file)} can't be read and written (${cause.code})`
    throw new Error(`${problem}: correct that, or give --${file}`, { cause })
  })
}

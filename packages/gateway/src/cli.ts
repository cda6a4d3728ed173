#!/usr/bin/env node
// The command `flowscale-gateway`.
import { comfyui } from './comfyui/comfyui.ts'
import { checkFlags, createProgram, type GatewayFlags, isQueued, localComfyui } from './command/flags.ts'
import { addInspect } from './command/inspect.ts'
import { checkFolder, notesOn, openQueue } from './command/openQueue.ts'
import { banner, logged } from './command/print.ts'
import { addQueue } from './command/queue.ts'
import { type Log, runServer, type Started } from './command/runServer.ts'
import { fromFlags } from './command/serverCommand.ts'
import { addWorker } from './command/worker.ts'
import { createGateway } from './createGateway.ts'
import { keepKey, makeKey, userFolder } from './node/dataFolder.ts'
import { watchWorkflows } from './node/readWorkflows.ts'
import { serve } from './node/serve.ts'

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
await runServer(program, new URL('../package.json', import.meta.url), start)

async function start(flags: GatewayFlags, log: Log): Promise<Started> {
  checkFlags(flags)
  const { port, host, publicUrl, dialect, keepDays } = flags
  const urls = flags.comfyui ?? (flags.workers ? undefined : [localComfyui])
  const hasQueue = isQueued(flags)
  const data = flags.data ?? (hasQueue && !flags.redis ? userFolder() : undefined)
  if (data !== undefined) checkFolder(flags, `${data}/queue`)
  const workflows = watchWorkflows(flags.workflows)
  // A folder that can't be read ends the command before it listens.
  await workflows()
  const workerKey = flags.workerKey ?? (flags.workers && data ? await keepKey(data, 'worker-key') : undefined)
  const options = {
    workflows,
    apiKey: await keyOf(flags, data),
    workerKey,
    // Without a key, there is nothing to derive a secret from.
    secret: flags.key ? undefined : makeKey(),
    publicUrl,
    dialect,
    ...(hasQueue ? { queue: await openQueue(flags, `${data}`) } : { keepDays }),
    logger: { info: log, warn: log, error: log },
  }
  const { header: headers, workers, maxWorkers } = flags
  const gateway = fromFlags(() =>
    createGateway({ ...options, engine: comfyui({ urls, workers, headers, maxWorkers }) }),
  )
  const orClose = async (error: unknown): Promise<never> => {
    // A connection would keep the process.
    await gateway.close().catch(() => {})
    throw error
  }
  const { notes = [], ...report } = await gateway.report().catch(orClose)
  const served = await serve(logged(gateway, log, workerKey), { port, hostname: host }).catch(orClose)
  const { apiKey } = gateway
  if (apiKey !== null && apiKey.length < SHORTEST_KEY) log(SHORT_KEY)
  const filesUrl = publicUrl ?? served.url
  return {
    facts: { url: served.url, filesUrl, apiKey, ...(workerKey && { workerKey }), ...report },
    banner: banner(served.url, apiKey, report, {
      queue: flags.redis ? 'in Redis' : hasQueue ? `${data}/queue` : undefined,
      files: flags.files ?? (flags.redis ? `${data}/queue` : undefined),
      dialIn:
        workerKey && `npx @flowscale/gateway worker --gateway ${filesUrl} --key ${workerKey} --name gpu-1`,
    }),
    notes: [...notes, ...notesOn(hasQueue)],
    async stop() {
      await served.close(STOP_MS)
      await gateway.close()
    },
  }
}

async function keyOf({ key, apiKey }: GatewayFlags, data: string | undefined): Promise<string | null> {
  if (!key) return null
  return apiKey ?? (data === undefined ? makeKey() : await keepKey(data))
}

// The subcommand `worker`, which makes runs of a gateway elsewhere.
import { hostname } from 'node:os'
import { type Command, Option } from 'commander'
import { clean } from '../clean.ts'
import { createComfyClient } from '../comfyui/api/client.ts'
import { createDistantPort } from '../comfyui/worker/distantPort.ts'
import { NotWelcome } from '../comfyui/worker/news.ts'
import { startWorker } from '../comfyui/worker/startWorker.ts'
import { comfyKeyOf, comfyKeyOption, headerOption, localComfyui, toAddress } from './flags.ts'
import { onSignal } from './runServer.ts'
import { readKey, toGateway, UsageError } from './serverCommand.ts'

interface WorkerFlags {
  readonly gateway: string
  readonly key: string
  readonly comfyui: string
  readonly name: string
  readonly comfyKey?: string
  readonly header?: Readonly<Record<string, string>>
}

const LOST_AFTER_MS = 600_000

function readName(text: string): string {
  if (/^[\w.-]{1,64}$/.test(text)) return text
  throw new UsageError('--name must be 1 to 64 letters, digits and "._-".')
}

export function addWorker(program: Command): void {
  program
    .command('worker')
    .description('make runs of a gateway elsewhere on the ComfyUI of this machine; it opens no port')
    .requiredOption('--gateway <url>', 'the gateway, such as https://gpu.example.com', toGateway)
    .requiredOption('--key <key>', 'the key for workers, which the gateway prints at its start', readKey)
    .option('--comfyui <url>', 'your ComfyUI', toAddress, localComfyui)
    .addOption(headerOption())
    .addOption(comfyKeyOption())
    .addOption(
      new Option('--name <name>', 'a name that no other worker has').argParser(readName).default(
        hostname()
          .replace(/[^\w.-]/g, '-')
          .slice(0, 64),
        'the name of this machine',
      ),
    )
    .action(work)
}

async function work(flags: WorkerFlags): Promise<void> {
  const { gateway, key, comfyui, name, header: headers } = flags
  const log = (line: string): void => void process.stdout.write(`${clean(line)}\n`)
  const port = createDistantPort({ gateway, key, name })
  const client = createComfyClient(comfyui, { headers, comfyKey: comfyKeyOf(flags) })
  log(`Worker ${name} asks ${gateway} for runs, and makes them on ${client.url}. Ctrl+C stops it.`)
  await new Promise<void>((resolve, reject) => {
    const worker = startWorker({
      client,
      port,
      name,
      lostAfterMs: LOST_AFTER_MS,
      log: (_level, message) => log(message),
      onRefused: (error) =>
        reject(
          error instanceof NotWelcome
            ? new Error(`${gateway} refuses this worker: ${error.message}`)
            : new Error(`Another worker named "${name}" is at work. Give this one a --name of its own`),
        ),
    })
    onSignal(() => {
      log(
        'Takes no more runs, and stops after a run at work. A second Ctrl+C stops it at once: the run goes on in ComfyUI, and its result comes when a worker with this name starts again.',
      )
      void worker.drain().then(() => {
        log('Stopped.')
        resolve()
      })
    })
  })
}

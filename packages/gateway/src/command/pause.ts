// The subcommands `pause` and `resume`, which ask a gateway that runs.
import { type Command, Option } from 'commander'
import { clean } from '../clean.ts'
import { readKey, toGateway } from './serverCommand.ts'

interface PauseFlags {
  readonly gateway: string
  readonly key: string
}

export function addPause(program: Command): void {
  for (const [name, about] of [
    ['pause', 'let a server end its run and take no other, also after a restart'],
    ['resume', 'let a paused server take runs again'],
  ] as const)
    program
      .command(`${name} <server>`)
      .description(about)
      .option('--gateway <url>', 'the gateway', toGateway, 'http://127.0.0.1:4188')
      .addOption(
        new Option('--key <key>', 'the key of an admin')
          .env('FLOWSCALE_API_KEY')
          .argParser(readKey)
          .makeOptionMandatory(),
      )
      .action((server: string, flags: PauseFlags) => ask(name, server, flags))
}

async function ask(action: string, server: string, { gateway, key }: PauseFlags): Promise<void> {
  const url = `${gateway}/api/v1/servers/${encodeURIComponent(server)}/${action}`
  const signal = AbortSignal.timeout(30_000)
  const init: RequestInit = { method: 'POST', redirect: 'error', headers: { 'x-api-key': key }, signal }
  const response = await fetch(url, init).catch(() => undefined)
  if (!response) throw new Error(`${gateway} does not answer. Check --gateway, and that the gateway runs`)
  const { data, detail, errors } = await response.json().catch(() => ({}))
  const reason = detail ?? [errors].flat().join()
  if (!response.ok)
    throw new Error(
      `${gateway} answered with ${response.status}: ${reason || 'it is no gateway, so correct --gateway'}`,
    )
  process.stdout.write(`${clean(String(data))}\n`)
}

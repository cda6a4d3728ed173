import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'

const workerd = 'test/runtimes/node_modules/@cloudflare/workerd-linux-64/bin/workerd'

/** Starts workerd on a configuration whose modules are beside it in a folder. */
export async function serveWorkerd(folder: string, modules: Record<string, string>, config: string) {
  mkdirSync(folder, { recursive: true })
  for (const [name, text] of Object.entries(modules)) writeFileSync(join(folder, name), text)
  const file = join(folder, 'config.capnp')
  writeFileSync(
    file,
    `using Workerd = import "/workerd/workerd.capnp";\nconst config :Workerd.Config = (${config});`,
  )
  const child = spawn(workerd, ['serve', '--experimental', '--control-fd=3', file], {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout!, child.stderr!])
    stream.on('data', (chunk) => {
      output += chunk
    })
  const ended = once(child, 'close')
  const lines = createInterface({ input: child.stdio[3] as Readable })
  const [line] = await Promise.race([once(lines, 'line'), ended])
  if (child.exitCode !== null) throw new Error(`workerd ended: ${output}`)
  return {
    url: `http://127.0.0.1:${JSON.parse(line).port}`,
    output: () => output,
    async stop() {
      child.kill()
      await ended
      rmSync(folder, { recursive: true })
    },
  }
}

// Uploads a large file from `fs.openAsBlob` to a server in another process: peak memory above idle and MB/s, by
// the client and by a bare fetch, each in a process of its own. `npm run bench:upload -- --mb 1024`.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, openSync, rmSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const { values } = parseArgs({ options: { mb: { type: 'string', default: '1024' } } })
const mb = Number(values.mb)
/** Above idle, in MB; what the client promises on Node 20 and later. */
const limitMb = 128

const script = (name: string) => fileURLToPath(new URL(`upload/${name}.mjs`, import.meta.url))

async function firstLine(name: string, args: string[]): Promise<{ line: string; stop(): void }> {
  const child = spawn(process.execPath, ['--expose-gc', script(name), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout })
  const [line] = await Promise.race([once(lines, 'line'), once(child, 'exit').then(() => [''])])
  return { line, stop: () => child.kill() }
}

const folder = mkdtempSync(join(tmpdir(), 'flowscale-upload-'))
const file = join(folder, 'large.bin')
try {
  openSync(file, 'w')
  truncateSync(file, mb * 2 ** 20)
  const sink = await firstLine('sink', [])
  console.log(`${mb} MiB from fs.openAsBlob on Node ${process.version}`)
  console.log(`${''.padEnd(22)}${'MB/s'.padStart(8)}${'peak above idle'.padStart(18)}`)
  const peaks: number[] = []
  for (const way of ['executeWorkflow', 'bare fetch']) {
    const { line } = await firstLine('send', [way, sink.line, file])
    const { seconds, peakMb, bytes } = JSON.parse(line)
    if (bytes < mb * 2 ** 20) throw new Error(`the server got ${bytes} bytes`)
    peaks.push(peakMb)
    console.log(
      `${way.padEnd(22)}${((mb * 1.048576) / seconds).toFixed(0).padStart(8)}${`${peakMb.toFixed(0)} MB`.padStart(18)}`,
    )
  }
  sink.stop()
  if (peaks[0]! > limitMb) {
    console.error(`the client took more than ${limitMb} MB above idle`)
    process.exitCode = 1
  }
} finally {
  rmSync(folder, { recursive: true })
}

// A large file that goes through a gateway, and the memory that it takes.
import { execFileSync } from 'node:child_process'
import { request } from 'node:http'
import { Readable } from 'node:stream'
import { type Client, downloadOutput, type RunOutput } from '@flowscale/client'
import { CANARY } from '../support/canary.ts'

export const MB = 2 ** 20
/** `BIG_MB=1024` moves a gigabyte. */
export const megabytes = process.env.BIG_MB ? Number(process.env.BIG_MB) : 128

const CHUNK = Buffer.alloc(MB, 65)
const BOUNDARY = 'a-big-file'

/** Sends a file, and a field that is refused, so that nothing has to look at the file. */
export async function upload(url: string, megabytes: number): Promise<void> {
  const part = (name: string, more = ''): string =>
    `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n`
  function* body(): Generator<string | Buffer> {
    yield part('image_input', '; filename="big.png"')
    for (let count = 0; count < megabytes; count++) yield CHUNK
    yield `\r\n${part('unknown')}x\r\n--${BOUNDARY}--\r\n`
  }
  const status = await new Promise<number | undefined>((resolve, reject) => {
    const headers = {
      'x-api-key': CANARY,
      'content-type': `multipart/form-data; boundary=${BOUNDARY}`,
    }
    const sent = request(
      `${url}/api/v1/runs?workflow_id=a9bc45rt2kpm`,
      { method: 'POST', headers },
      (answer) => {
        answer.resume().on('end', () => resolve(answer.statusCode))
      },
    )
    sent.on('error', reject)
    Readable.from(body(), { objectMode: true, highWaterMark: 1 }).pipe(sent)
  })
  if (status !== 422) throw new Error(`expected 422, got ${status}`)
}

/** Downloads an output, which must have so many MB. */
export async function download(client: Client, output: RunOutput, megabytes: number): Promise<void> {
  const response = await downloadOutput(client, output, { timeoutMs: 600_000 })
  let bytes = 0
  for await (const part of response.body) bytes += part.byteLength
  if (bytes !== megabytes * MB) throw new Error(`${bytes} bytes came`)
}

/** The memory that a process has in use, in MB. */
export const memoryOf = (pid: number): number =>
  Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)])) / 1024

/** The most memory of a process while something goes on. */
export async function mostMemoryOf(pid: number, work: () => Promise<unknown>): Promise<number> {
  let peak = memoryOf(pid)
  const timer = setInterval(() => {
    try {
      peak = Math.max(peak, memoryOf(pid))
    } catch {
      // It has ended, and the work fails for that.
    }
  }, 100)
  await work().finally(() => clearInterval(timer))
  return Math.max(peak, memoryOf(pid))
}

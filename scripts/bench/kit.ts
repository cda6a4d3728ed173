// What the cases of the bench share.
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { listen } from '../../test/support/listen.ts'
import type { Row } from './figure.ts'

export interface Settings {
  /** Few rounds: to see that everything runs. */
  isShort: boolean
  /** Built clones of the repository by contestant: `client`, and perhaps `beside`. */
  clones: Record<string, string>
}

/** Rows that are measured together. Their names are known before, for `--only`. */
export interface Case {
  part: string
  rows: readonly string[]
  /** As an earlier case, with other numbers: the short form leaves it out. */
  isVariant?: boolean
  run(settings: Settings): Promise<Row[]>
}

export const key = 'fsk_bench_0123456789'

const exec = promisify(execFile)

/** Runs Node to its end, and gives the last line that it prints. */
export async function runNode(args: readonly string[], cwd = '.'): Promise<string> {
  const { stdout } = await exec(process.execPath, args, { maxBuffer: 2 ** 27, timeout: 300_000, cwd })
  return stdout.trim().split('\n').at(-1)!
}

/** Runs a script of this folder, which reads its options from its argument and prints JSON. */
export async function runWorker<T>(script: string, options: object): Promise<T> {
  const path = fileURLToPath(new URL(script, import.meta.url))
  return JSON.parse(await runNode(['--expose-gc', path, JSON.stringify(options)]))
}

const health = [{ container: 'container #1', status: 'idle' }]
const run = {
  _id: 'bench',
  status: 'completed',
  inputs: [{ path: 'text_51536', category: 'prompt', value: 'a lighthouse at dusk' }],
  outputs: [{ filename: 'bench_image_1.png', url: 'http://127.0.0.1/bench.png?signature=0123456789' }],
  created_at: '2026-01-01T00:00:00.000Z',
}

/** Serves ready answers while `use` goes on. A POST is answered with the number of its bytes. */
export async function withAnswers<T>(use: (url: string) => Promise<T>): Promise<T> {
  const server = await listen((request, response) => {
    let bytes = 0
    request.on('data', (chunk) => {
      bytes += chunk.length
    })
    request.on('end', () => {
      const execution = { run_id: 'bench', number: 1, node_errors: {}, output_names: ['image_1'], bytes }
      const data = request.method === 'POST' ? execution : request.url!.includes('/runs/') ? run : health
      const body = JSON.stringify({ status: 'success', data })
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length })
      response.end(body)
    })
  })
  return use(server.url).finally(server.close)
}

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { build } from 'esbuild'
import { listen } from '../support/listen.ts'
import { readBody } from '../support/multipart.ts'
import { workerdPath } from './command.ts'

interface Worker {
  code: string
  /** Of compatibility. */
  date: string
  flags?: string
  /** Bindings that are texts. */
  texts?: Record<string, string>
  /** Other bindings and fields, as workerd's configuration has them. */
  bindings?: string
  more?: string
}

const text = ([name, value]: [string, string]): string => `(name = "${name}", text = "${value}")`

/** Starts workers in workerd, by their names. Requests go to the last one. `services` are those that are no workers. */
export async function serveWorkerd(workers: Record<string, Worker>, services = '') {
  const folder = mkdtempSync(join(tmpdir(), 'flowscale-workerd-'))
  const shown = Object.entries(workers).map(
    ([name, { code, date, flags, texts = {}, bindings, more = '' }]) => {
      writeFileSync(join(folder, `${name}.js`), code)
      return `(name = "${name}", worker = (
      modules = [(name = "${name}.js", esModule = embed "${name}.js")],
      compatibilityDate = "${date}",
      compatibilityFlags = [${flags ? `"${flags}"` : ''}],
      bindings = [${[...Object.entries(texts).map(text), ...(bindings ? [bindings] : [])].join(', ')}],
      globalOutbound = "private",
      ${more}
    )),`
    },
  )
  const file = join(folder, 'config.capnp')
  writeFileSync(
    file,
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [${shown.join('\n')} (name = "private", network = (allow = ["private"])), ${services}],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "${Object.keys(workers).at(-1)}")],
);`,
  )
  const child = spawn(workerdPath, ['serve', '--experimental', '--control-fd=3', file], {
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

/** The code of a worker, as wrangler bundles it. */
export async function bundleWorker(contents: string, folder = '.'): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: resolve(folder) },
    bundle: true,
    format: 'esm',
    conditions: ['workerd', 'worker', 'browser'],
    external: ['ws', 'isomorphic-ws'],
    write: false,
  })
  return outputFiles[0]!.text
}

/** What is behind a KV binding: an HTTP server that keeps values in memory. */
export async function startKv() {
  const map = new Map<string, string>()
  const server = await listen(async (request, response) => {
    const url = new URL(request.url!, 'http://kv')
    const key = decodeURIComponent(url.pathname.slice(1))
    if (request.method === 'PUT') map.set(key, (await readBody(request)).toString())
    else if (request.method === 'DELETE') map.delete(key)
    else if (!key) {
      const prefix = url.searchParams.get('prefix') ?? ''
      const keys = [...map.keys()].filter((name) => name.startsWith(prefix)).map((name) => ({ name }))
      response.end(JSON.stringify({ keys, list_complete: true }))
      return
    } else if (!map.has(key)) response.statusCode = 404
    response.end(request.method === 'GET' ? map.get(key) : undefined)
  })
  const service = `(name = "kv", external = (address = "${new URL(server.url).host}", http = ())),`
  return { ...server, map, service }
}

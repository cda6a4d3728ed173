import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** Of a file in `scripts/`. */
const path = (file: string): string => fileURLToPath(new URL(file, new URL('..', import.meta.url)))

/** A server of `scripts/`: its first line is its URL. */
export interface Server {
  url: string
  child: ChildProcess
  stop(): void
}

export function startServer(file: string, ...args: string[]): Promise<Server> {
  const child = spawn(process.execPath, [...loader(file), path(file), ...args], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  })
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`${file} ended with ${code}`)))
    createInterface({ input: child.stdout! }).once('line', (url) =>
      resolve({ url, child, stop: () => child.kill() }),
    )
  })
}

/** Runs a script of `scripts/` to its end; gives the JSON of its last line. */
export function runScript<T>(file: string, ...args: string[]): Promise<T> {
  const child = spawn(process.execPath, ['--expose-gc', ...loader(file), path(file), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let out = ''
  let err = ''
  child.stdout.on('data', (chunk) => {
    out += chunk
  })
  child.stderr.on('data', (chunk) => {
    err += chunk
  })
  return new Promise((resolve, reject) => {
    child.once('close', (code) => {
      try {
        if (code) throw new Error(`it ended with ${code}`)
        resolve(JSON.parse(out.trim().split('\n').at(-1)!))
      } catch (error) {
        reject(new Error(`${file} ${args.join(' ')}: ${error}\n${err}`))
      }
    })
  })
}

const loader = (file: string): string[] => (file.endsWith('.ts') ? ['--import', 'tsx'] : [])

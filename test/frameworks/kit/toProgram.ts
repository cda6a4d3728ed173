import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { frameworks } from './createApp.ts'
import type { Program } from './start.ts'

const runtimes = resolve('test/runtimes/node_modules')
const programs: Readonly<Record<string, string>> = {
  bun: join(runtimes, '@oven/bun-linux-x64/bin/bun'),
  deno: join(runtimes, '@deno/linux-x64-glibc/deno'),
}
/** SvelteKit 3 needs a newer Node than these tests. */
export const node24: string = join(runtimes, 'node24/bin/node')

/** A command of a document, as it is run in the folder of an app. */
export function toProgram(command: string, cwd: string, program: string = process.execPath): Program {
  const [, settings, rest] = /^((?:\w+=\S+ )*)(.*)$/.exec(command)!
  const env = Object.fromEntries(
    [...settings!.matchAll(/(\w+)=(\S+)/g)].map(([, name, value]) => [name!, value!]),
  )
  const [first, ...args] = rest!.split(' ')
  const own = programs[first!]
  if (own) return { cwd, program: own, args, env }
  if (first === 'node') return { cwd, program, args, env }
  if (first !== 'npx') throw new Error(`no way to run: ${command}`)
  const { bin } = JSON.parse(readFileSync(join(frameworks, 'node_modules', args[0]!, 'package.json'), 'utf8'))
  const file = typeof bin === 'string' ? bin : bin[args[0]!]
  return { cwd, program, args: [join(frameworks, 'node_modules', args[0]!, file), ...args.slice(1)], env }
}

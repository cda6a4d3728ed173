// The command `flowscale` of the packed tarballs, in a folder of its own, on any Node.
import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const modules = resolve('test/runtimes/node_modules')

export interface Ended {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

export interface OnNode {
  /** An empty folder, in which the command runs. */
  readonly cwd: string
  /** Runs the command to its end. `stop` is called with what it has printed, and may give a signal to end it. */
  run(
    args: readonly string[],
    env: Record<string, string>,
    stop?: (printed: string) => NodeJS.Signals | undefined,
  ): Promise<Ended> & { kill(signal: NodeJS.Signals): void }
}

/** Packs and installs it. */
export function installCommand(): { on(major: number): OnNode; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'flowscale-command-'))
  const npm = (...args: string[]) =>
    execFileSync('npm', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  const packages = ['-w', 'packages/client', '-w', 'packages/flowscale']
  const packed = JSON.parse(npm('pack', '--json', '--pack-destination', folder, ...packages))
  writeFileSync(join(folder, 'package.json'), '{ "private": true }')
  const tarballs = packed.map(({ filename }: { filename: string }) => join(folder, filename))
  npm('install', '--prefix', folder, '--no-audit', '--no-fund', '--prefer-offline', ...tarballs)
  const bin = join(folder, 'node_modules/.bin/flowscale')

  return {
    on(major) {
      const cwd = join(folder, `node${major}`)
      mkdirSync(cwd)
      return {
        cwd,
        run(args, env, stop) {
          const child = spawn(`${modules}/node${major}/bin/node`, [bin, ...args], {
            cwd,
            env: { PATH: process.env.PATH!, ...env },
          })
          child.stdin.end()
          const printed = { stdout: '', stderr: '' }
          for (const name of ['stdout', 'stderr'] as const) {
            child[name].on('data', (chunk) => {
              printed[name] += chunk
              const signal = stop?.(printed.stdout + printed.stderr)
              if (signal) child.kill(signal)
            })
          }
          const ended = new Promise<Ended>((settle) =>
            child.on('close', (code, signal) => settle({ code, signal, ...printed })),
          )
          return Object.assign(ended, { kill: (signal: NodeJS.Signals) => void child.kill(signal) })
        },
      }
    },
    remove: () => rmSync(folder, { recursive: true }),
  }
}

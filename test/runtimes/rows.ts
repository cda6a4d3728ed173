// How each runtime is started on the cases.
import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { chromium } from 'playwright-core'
import { chromium as chromiumPath, firefox } from '../../scripts/lib/ensure.mjs'

const modules = resolve('test/runtimes/node_modules')

/** Starts the cases of a row; `end` is called when its report has come, or its time is over. */
export interface Started {
  /** Ends by itself with this exit code, where the runtime is a command. */
  exit?: Promise<number | null>
  /** What it said. */
  output(): string
  end(): Promise<void> | void
}

export interface Row {
  runtime: string
  start(control: string, app: string): Promise<Started> | Started
}

/** A command in a folder, and all that it says. */
export function command(
  file: string,
  args: string[],
  cwd: string,
  env: Record<string, string> = {},
): Started {
  const child = spawn(file, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk
    })
  }
  const exit = new Promise<number | null>((done) => {
    child.on('close', done)
    child.on('error', (error) => {
      output += error
      done(null)
    })
  })
  return {
    exit,
    output: () => output,
    async end() {
      child.kill('SIGKILL')
      await exit
    },
  }
}

const node = (major: number): Row => ({
  runtime: `Node ${major}`,
  start: (control, app) =>
    command(`${modules}/node${major}/bin/node`, ['command.mjs', control, `Node ${major}`], app),
})

const deno: Row = {
  runtime: 'Deno',
  start: (control, app) =>
    command(
      `${modules}/@deno/linux-x64-glibc/deno`,
      [
        ...['run', '--no-prompt', '--allow-net=127.0.0.1', '--node-modules-dir=manual', '--no-lock'],
        ...['command.mjs', control, 'Deno'],
      ],
      app,
      { DENO_DIR: join(app, '.deno'), DENO_NO_UPDATE_CHECK: '1' },
    ),
}

const bun: Row = {
  runtime: 'Bun',
  start: (control, app) =>
    command(`${modules}/@oven/bun-linux-x64/bin/bun`, ['command.mjs', control, 'Bun'], app),
}

function workerd(date: string, flags: string[]): Row {
  const runtime = `workerd ${date}${flags.length ? `, ${flags}` : ''}`
  return {
    runtime,
    start(control, app) {
      const binary = `${modules}/@cloudflare/workerd-linux-64/bin/workerd`
      const version = execFileSync(binary, ['--version'], { encoding: 'utf8' }).trim().split(' ').at(-1)!
      const config = join(app, `${date}.capnp`)
      writeFileSync(
        config,
        `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "cases", worker = (
      modules = [(name = "workerd.js", esModule = embed "workerd.js")],
      compatibilityDate = "${date}",
      compatibilityFlags = [${flags.map((flag) => `"${flag}"`)}],
      globalOutbound = "private",
    )),
    (name = "private", network = (allow = ["private"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "cases")],
);`,
      )
      // It tells its port on the descriptor of its standard output.
      const started = command(binary, ['serve', '--control-fd=1', config], app)
      const query = new URLSearchParams({ control, row: runtime, version })
      const poke = setInterval(() => {
        const port = /"port":(\d+)/.exec(started.output())?.[1]
        if (!port) return
        clearInterval(poke)
        fetch(`http://127.0.0.1:${port}/?${query}`).then(
          (response) => response.text(),
          () => {},
        )
      }, 50)
      return {
        output: started.output,
        end() {
          clearInterval(poke)
          return started.end()
        },
      }
    },
  }
}

function inChromium(kind: string): Row {
  const runtime = kind === 'page' ? 'Chromium' : `Chromium, ${kind}`
  return {
    runtime,
    async start(control) {
      const browser = await chromium.launch({ executablePath: chromiumPath, args: ['--no-sandbox'] })
      const page = await browser.newPage()
      let output = ''
      page.on('pageerror', (error) => {
        output += `${error}\n`
      })
      await page.goto(`${control}/page?${new URLSearchParams({ kind, row: runtime })}`)
      return { output: () => output, end: () => browser.close() }
    },
  }
}

const inFirefox: Row = {
  runtime: 'Firefox',
  start(control, app) {
    const profile = mkdtempSync(join(tmpdir(), 'flowscale-firefox-'))
    const query = new URLSearchParams({ kind: 'page', row: 'Firefox' })
    const args = [
      '--headless',
      '--no-remote',
      '--new-instance',
      '--profile',
      profile,
      `${control}/page?${query}`,
    ]
    const { output, end } = command(firefox, args, app)
    return {
      output,
      async end() {
        await end()
        rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
      },
    }
  },
}

export const rows: Row[] = [
  ...[18, 20, 22, 24, 26].map(node),
  deno,
  bun,
  // The first has no globals of Node's, the second is today's.
  workerd('2023-05-18', []),
  workerd('2026-11-17', ['nodejs_compat']),
  ...['page', 'worker', 'service worker'].map(inChromium),
  inFirefox,
]

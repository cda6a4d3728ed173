// Each runtime, as it is started on the cases: `command.mjs`, `workerd.js` or the page in the folder of an app.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { firefox } from '../../scripts/lib/ensure.mjs'
import { launch } from '../browser/kit/browser.ts'
import { bunPath, command, denoPath, nodePath, nodes, type Started, workerdPath } from './command.ts'
import { serveWorkerd } from './serveWorkerd.ts'

export interface Row {
  runtime: string
  start(control: string, app: string): Promise<Started> | Started
}

const node = (major: number): Row => ({
  runtime: `Node ${major}`,
  start: (control, app) => command(nodePath(major), ['command.mjs', control, `Node ${major}`], app),
})

const denoFlags = ['run', '--no-prompt', '--allow-net=127.0.0.1', '--node-modules-dir=manual', '--no-lock']
const deno = (runtime: string, version?: string): Row => ({
  runtime,
  start(control, app) {
    const env = { DENO_DIR: join(app, '.deno'), DENO_NO_UPDATE_CHECK: '1' }
    return command(denoPath(version), [...denoFlags, 'command.mjs', control, runtime], app, env)
  },
})

const bun = (runtime: string, version?: string): Row => ({
  runtime,
  start: (control, app) => command(bunPath(version), ['command.mjs', control, runtime], app),
})

function workerd(date: string, flags: string): Row {
  const runtime = `workerd ${date}${flags && `, ${flags}`}`
  return {
    runtime,
    async start(control, app) {
      const version = execFileSync(workerdPath, ['--version'], { encoding: 'utf8' }).trim().split(' ').at(-1)!
      const code = readFileSync(join(app, 'workerd.js'), 'utf8')
      const { url, output, stop } = await serveWorkerd({ cases: { code, date, flags } })
      fetch(`${url}/?${new URLSearchParams({ control, row: runtime, version })}`).then(
        (response) => response.text(),
        () => {},
      )
      return { output, end: stop }
    },
  }
}

function inChromium(kind: string): Row {
  const runtime = kind === 'page' ? 'Chromium' : `Chromium, ${kind}`
  return {
    runtime,
    async start(control) {
      const browser = await launch()
      const page = await browser.newPage()
      page.setDefaultTimeout(120_000)
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
    const address = `${control}/page?${new URLSearchParams({ kind: 'page', row: 'Firefox' })}`
    const flags = ['--headless', '--no-remote', '--new-instance', '--profile', profile]
    const { output, end } = command(firefox, [...flags, address], app)
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
  ...nodes.map(node),
  deno('Deno, oldest', 'deno-oldest'),
  deno('Deno'),
  bun('Bun, oldest', 'bun-oldest'),
  bun('Bun'),
  // The first has no globals of Node's.
  workerd('2023-05-18', ''),
  workerd('2026-11-17', 'nodejs_compat'),
  ...['page', 'worker', 'service worker'].map(inChromium),
  inFirefox,
]

export const rowOf = (name: string): Row => rows.find(({ runtime }) => runtime === name)!

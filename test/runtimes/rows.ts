// The rows of the table: each runtime, as it is started on the cases.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium } from 'playwright-core'
import { chromium as chromiumPath, firefox } from '../../scripts/lib/ensure.mjs'
import { command } from './command.ts'
import { bun, deno, node, type Row, workerd, workerdToday } from './commands.ts'

function inChromium(kind: string): Row {
  const runtime = kind === 'page' ? 'Chromium' : `Chromium, ${kind}`
  return {
    runtime,
    async start(control) {
      const browser = await chromium.launch({
        executablePath: chromiumPath,
        args: ['--no-sandbox'],
        timeout: 120_000,
      })
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
  deno('Deno, oldest', 'deno-oldest'),
  deno('Deno', '@deno/linux-x64-glibc'),
  bun('Bun, oldest', 'bun-oldest'),
  bun('Bun', '@oven/bun-linux-x64'),
  // The first has no globals of Node's.
  workerd('2023-05-18', []),
  workerdToday,
  ...['page', 'worker', 'service worker'].map(inChromium),
  inFirefox,
]

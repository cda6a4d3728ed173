// Which bundler bundles for which runtime, and how its bundles are run there.
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Browser, Response } from 'playwright-core'
import { bunPath, command, denoPath } from '../runtimes/command.ts'
import { serveWorkerd } from '../runtimes/serveWorkerd.ts'
import { until } from '../support/until.ts'

const starter = resolve('test/bundlers/run.mjs')
const limitMs = 200_000

type Runtime = 'Node' | 'Chromium' | 'workerd' | 'Bun' | 'Deno'

export interface Row {
  bundler: string
  /** The file in `tools/`. */
  tool: string
  runtime: Runtime
  /** The extension by which its runtime knows the format of the bundle. */
  extension: 'mjs' | 'cjs' | 'js'
  /** Whether it can be kept from tree shaking. */
  canKeepAll: boolean
}

const row = (bundler: string, runtime: Runtime, more: Partial<Row> = {}): Row => ({
  bundler,
  tool: bundler.toLowerCase(),
  runtime,
  extension: 'mjs',
  canKeepAll: true,
  ...more,
})

export const rows: Row[] = [
  row('esbuild', 'Node'),
  row('esbuild', 'Chromium'),
  // The Workers way: what wrangler does.
  row('esbuild', 'workerd'),
  row('rollup', 'Node'),
  row('rollup', 'Chromium'),
  row('webpack', 'Node', { extension: 'cjs' }),
  row('webpack', 'Chromium', { extension: 'js' }),
  row('Vite', 'Node'),
  row('Vite', 'Chromium'),
  row('Parcel', 'Node'),
  row('Parcel', 'Chromium', { extension: 'js' }),
  row('Bun', 'Bun', { canKeepAll: false }),
  row('Bun', 'Chromium', { canKeepAll: false }),
  row('Deno', 'Deno', { canKeepAll: false }),
  row('Deno', 'Chromium', { canKeepAll: false }),
]

/** What runs in the runtimes that need more than a command. */
export interface Machines {
  browser: Browser
  /** Where the bundles are served. */
  origin: string
}

/** Runs a bundle in its runtime and gives what `app(given)` did; it must say nothing, and end by itself. */
export async function runBundle(
  runtime: Runtime,
  file: string,
  given: unknown,
  { browser, origin }: Machines,
): Promise<unknown> {
  const json = JSON.stringify(given)
  const args = [starter, pathToFileURL(file).href, json]
  switch (runtime) {
    case 'Node':
      return runCommand(process.execPath, args, file)
    case 'Bun':
      return runCommand(bunPath(), args, file)
    case 'Deno': {
      const allowed = [`--allow-read=${file}`, '--allow-net=127.0.0.1', '--no-lock']
      return runCommand(denoPath(), ['run', '--no-prompt', ...allowed, ...args], file)
    }
    case 'workerd':
      return runInWorkerd(file, json)
    case 'Chromium':
      return runInPage(browser, `${origin}/page?${new URLSearchParams({ file })}`, given)
  }
}

async function runCommand(binary: string, args: string[], file: string): Promise<unknown> {
  const { exit, output, end } = command(binary, args, dirname(file), {
    DENO_DIR: resolve('test/bundlers/node_modules/.deno'),
    DENO_NO_UPDATE_CHECK: '1',
    NO_COLOR: '1',
    FORCE_COLOR: '0',
  })
  const code = await within(exit!, output)
  await end()
  if (code !== 0) throw new Error(`ended with ${code}\n${output()}`)
  try {
    return JSON.parse(output())
  } catch {
    throw new Error(`said something\n${output()}`)
  }
}

/**
 * Runs an app from Vite's server for development, which bundles no more than each package; gives what the app did, the
 * code that the page loaded, and what the server warned of.
 */
export async function runFromVite(folder: string, app: string, given: unknown, browser: Browser) {
  writeFileSync(
    join(folder, `${app}.html`),
    `<!doctype html><link rel="icon" href="data:,"><script type="module" src="/${app}.mjs"></script>`,
  )
  const args = [resolve('test/bundlers/viteServer.mjs'), folder, app]
  const { output, end } = command(process.execPath, args, folder)
  try {
    const address = /^http:\S+$/m
    await until(() => address.test(output()))
    const [origin] = address.exec(output())!
    const files = new Map<string, string>()
    const result = await runInPage(browser, `${origin}/${app}.html`, given, files)
    const own = [...files].filter(([url]) => url.startsWith(origin!) && !url.startsWith(`${origin}/@vite`))
    const code = own.map(([, text]) => text).join('\n')
    return { result, code, said: output().replace(address, '').trim() }
  } finally {
    await end()
  }
}

/** In the oldest kind: it has no globals of Node's. A POST of JSON runs the bundle. */
async function runInWorkerd(file: string, json: string): Promise<unknown> {
  const code = `${readFileSync(file)}
    export default { fetch: async (request) => Response.json(await globalThis.app(await request.json())) }`
  const { url, output, stop } = await serveWorkerd({ app: { code, date: '2023-05-18' } })
  try {
    const response = await within(fetch(url, { method: 'POST', body: json }), output)
    const text = await response.text()
    if (!response.ok || output().trim()) throw new Error(`${text}\n${output()}`)
    return JSON.parse(text)
  } finally {
    await stop()
  }
}

/** `files` gets what the page loads, where that is asked for. */
async function runInPage(
  browser: Browser,
  url: string,
  given: unknown,
  files?: Map<string, string>,
): Promise<unknown> {
  const page = await browser.newPage()
  page.setDefaultTimeout(limitMs)
  let said = ''
  page.on('console', (message) => {
    // What Vite's own script says of its connection.
    if (!message.text().startsWith('[vite] connect')) said += `${message.text()}\n`
  })
  const loaded: Response[] = []
  page.on('response', (response) => loaded.push(response))
  page.on('pageerror', (error) => {
    said += `${error}\n`
  })
  try {
    await page.goto(url)
    const result = await within(
      page.evaluate((given) => (globalThis as any).app(given), given),
      () => said,
    )
    if (said) throw new Error('said something')
    if (files) for (const response of loaded) files.set(response.url(), await response.text())
    return result
  } catch (error) {
    throw new Error(`${error}\n${said}`)
  } finally {
    await page.close()
  }
}

async function within<T>(work: Promise<T>, output: () => string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`did not end in ${limitMs} ms\n${output()}`)), limitMs)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

// The playground, as the emulator serves it, open in a real Chromium.

import { crc32 } from 'node:zlib'
import { createEmulator, type EmulatorOptions, type RunContext } from '@flowscale/emulator'
import { serve } from '@flowscale/emulator/node'
import { decode, encode } from 'fast-png'
import type { Locator, Page } from 'playwright-core'
import { assert } from '#test'
import { assertNoCanary, CANARY } from '../../support/canary.ts'
import { browser } from './browser.ts'

export const photo = Buffer.from(
  encode({
    width: 64,
    height: 48,
    channels: 3,
    data: new Uint8Array(64 * 48 * 3).map((_, index) => index % 251),
  }),
)

function deferred<T>() {
  let resolve!: (value: T) => void
  const promise = new Promise<T>((done) => {
    resolve = done
  })
  return { promise, resolve }
}

/** A workflow whose progress and end are in the hands of the test. */
export function stepwise() {
  const started = deferred<RunContext>()
  const end = deferred<void>()
  const given = deferred<{ name: string; type: string; data: Uint8Array } | undefined>()
  return {
    started: started.promise,
    given: given.promise,
    end: end.resolve,
    definition: {
      id: 'stepw1se0000',
      name: 'Stepwise',
      description: 'Waits for the test',
      inputs: { prompt: 'string', picture: { kind: 'image', required: false } },
      outputs: { picture: 'image' },
      async run(inputs: any, context: RunContext) {
        given.resolve(inputs.picture)
        started.resolve(context)
        context.signal.addEventListener('abort', () => end.resolve())
        await end.promise
        return { picture: { data: inputs.picture?.data ?? new Uint8Array(photo), type: 'image/png' } }
      },
    } as NonNullable<EmulatorOptions['workflows']>[number],
  }
}

interface Setup {
  options?: EmulatorOptions
  width?: number
  scheme?: 'light' | 'dark'
  /** Whether the server lists workflows. */
  isListing?: boolean
}

/** An emulator with its page open and connected; all of it is closed after `use`. */
export async function withPage(
  { options, width = 1280, scheme = 'light', isListing = true }: Setup,
  use: (page: Page, pod: { emulator: ReturnType<typeof createEmulator>; url: string }) => Promise<void>,
): Promise<void> {
  const emulator = createEmulator({ apiKey: CANARY, speed: 20, ...options })
  const server = await serve(emulator)
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme: scheme })
  try {
    const page = await context.newPage()
    page.setDefaultTimeout(60_000)
    const faults: string[] = []
    page.on('pageerror', (error) => faults.push(String(error)))
    const said: string[] = []
    page.on('console', (message) => said.push(message.text()))
    await open(page, server.url)
    if (isListing) {
      await page.getByRole('radio', { name: 'Text to Image' }).waitFor()
      // The connection closes by itself once the runs are there, which may be after `Live`.
      await page.getByLabel('Server').waitFor({ state: 'hidden' })
    }
    await use(page, { emulator, url: server.url })
    assert.equal(faults, [], 'no error in the page')
    assertNoCanary(await page.content(), 'the document')
    assertNoCanary(said, 'the console')
    assert.is(emulator.stats.keysRefusedAtFiles, 0, 'the key goes to no file')
  } finally {
    await context.close()
    await server.close()
    emulator.close()
  }
}

export async function open(page: Page, url: string): Promise<void> {
  await page.goto(`${url}/`)
  // The page tries the emulator's usual key first.
  if ((await page.getByLabel('API key').inputValue()) !== CANARY) {
    await page.getByRole('alert').filter({ hasText: 'needs an API key' }).waitFor()
    await connect(page)
  }
  await status(page, 'Live')
}

/** Opens the connection, which is behind the button with its state. */
export async function openConnection(page: Page): Promise<void> {
  const button = page.getByRole('button', { name: 'Connection:' })
  if (!(await page.getByLabel('Server').isVisible())) await button.click()
}

/** Fills in the key, and the address of a server. */
export async function connect(page: Page, key: string = CANARY, server?: string): Promise<void> {
  await openConnection(page)
  if (server !== undefined) await page.getByLabel('Server').fill(server)
  await page.getByLabel('API key').fill(key)
  await page.getByRole('button', { name: 'Connect', exact: true }).click()
}

export async function disconnect(page: Page): Promise<void> {
  await openConnection(page)
  await page.getByRole('button', { name: 'Disconnect' }).click()
}

export const attach = (page: Page, label: string, name = 'a.png'): Promise<void> =>
  page.getByLabel(label).setInputFiles({ name, mimeType: 'image/png', buffer: photo })

/** Drops a picture on an element. */
export async function drop(
  page: Page,
  selector: string,
  name: string,
  bytes: Uint8Array = photo,
): Promise<void> {
  const dataTransfer = await page.evaluateHandle(
    ([name, bytes]) => {
      const data = new DataTransfer()
      data.items.add(new File([new Uint8Array(bytes)], name, { type: 'image/png' }))
      return data
    },
    [name, [...bytes]] as const,
  )
  await page.locator(selector).first().dispatchEvent('drop', { dataTransfer })
}

/** A picture with the graph that made it, as ComfyUI writes it. */
export function pngWith(graph: object | string): Buffer {
  const content = Buffer.from(`tEXtprompt\0${typeof graph === 'string' ? graph : JSON.stringify(graph)}`)
  const [size, sum] = [Buffer.alloc(4), Buffer.alloc(4)]
  size.writeUInt32BE(content.length - 4)
  sum.writeUInt32BE(crc32(content))
  // After the header, which has 25 bytes.
  return Buffer.concat([photo.subarray(0, 33), size, content, sum, photo.subarray(33)])
}

/** Until the picture of a run is shown, and so wide. */
export const isShown = (page: Page, width: number) =>
  page.waitForFunction(
    (width) => document.querySelector<HTMLImageElement>('.outputs figure > img')?.naturalWidth === width,
    width,
  )

/** Until the stage shows the preview with this number. */
export const isPreviewed = (page: Page, wanted: number) =>
  page.waitForFunction(
    (wanted) => document.querySelector<HTMLImageElement>('.preview img')?.src.includes(`number=${wanted}&`),
    wanted,
  )

/** A picture of one colour, for `context.preview`. */
export const preview = (...color: number[]) => ({
  type: 'image/png',
  data: encode({
    width: 64,
    height: 48,
    channels: 3,
    data: Uint8Array.from({ length: 9216 }, (_, i) => color[i % 3]!),
  }),
})

/** The colour in the middle of the upper edge, where no words are. */
export async function colorOf(place: Locator): Promise<string> {
  const { data, width, channels } = decode(await place.screenshot())
  const at = (20 * width + (width >> 1)) * channels
  return String([...data.slice(at, at + 3)])
}

export const status = (page: Page, word: string) =>
  page.getByRole('banner').getByRole('status').filter({ hasText: word }).waitFor()
export const stage = (page: Page) => page.getByRole('region', { name: 'Selected run' })
export const choose = (page: Page, name: string) => page.getByRole('radio', { name, exact: true }).check()
export const run = (page: Page) => page.getByRole('button', { name: 'Run', exact: true }).click()
export const runList = (page: Page) => page.getByRole('region', { name: 'Runs' })
export const untilPage = (page: Page, what: () => boolean) => page.waitForFunction(what)

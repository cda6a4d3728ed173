// `npm run docs:picture` makes docs/playground.webp anew: the playground on an emulator, from the prompt to its picture.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createEmulator } from '@flowscale/emulator'
import { serve } from '@flowscale/emulator/node'
import { chromium } from 'playwright-core'
import { chromium as executablePath } from '../lib/ensure.mjs'

const MOST_BYTES = 400_000
const out = 'docs/playground.webp'

const folder = mkdtempSync(join(tmpdir(), 'flowscale-picture-'))
// Slow enough for a screenshot of each preview on a busy machine.
const emulator = createEmulator({ seed: 3, speed: 0.15 })
const server = await serve(emulator)
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce' })

/** Each file, and how long it is shown. */
const frames = []
async function shoot(ms) {
  const file = join(folder, `${frames.length}.png`)
  await page.screenshot({ path: file })
  frames.push({ file, ms })
}

await page.goto(server.url)
const prompt = page.getByLabel('Text text_51536')
await prompt.fill('')
await page.getByText('container #2').waitFor()
await shoot(600)
for (const letters of 'a lighthouse at dusk'.match(/.{1,2}/g)) {
  await prompt.pressSequentially(letters)
  await shoot(100)
}
await page.getByRole('button', { name: 'Run', exact: true }).click()
// Five times as fast as it was, however long a screenshot took.
let at = Date.now()
while (!(await page.locator('.outputs img').count())) {
  await shoot(0)
  await page.waitForTimeout(250)
  frames.at(-1).ms += Math.round((Date.now() - at) / 5)
  at = Date.now()
}
await page.waitForFunction(
  () => document.querySelector('.outputs img').complete && !document.querySelector('.preview'),
)
await shoot(3000)
await browser.close()
await server.close()
emulator.close()

const args = frames.flatMap(({ file, ms }) => ['-lossy', '-q', '80', '-m', '6', '-d', String(ms), file])
execFileSync('img2webp', ['-loop', '0', '-kmax', '100', ...args, '-o', out], { stdio: 'ignore' })
rmSync(folder, { recursive: true })
const { size } = statSync(out)
console.log(`${out}: ${frames.length} frames, ${size} bytes`)
if (size > MOST_BYTES) throw new Error(`It has more than ${MOST_BYTES} bytes.`)

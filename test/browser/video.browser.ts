// The video that the emulator makes, decoded by a real Chromium.

import { createEmulator } from '@flowscale/emulator'
import { serve } from '@flowscale/emulator/node'
import { encode } from 'fast-png'
import type { Page } from 'playwright-core'
import { assert } from '#test'
import { form } from '../unit/emulator/kit.ts'
import { browser, suiteWithBrowser } from './kit/browser.ts'

const test = suiteWithBrowser('video')
const emulator = createEmulator({ speed: Number.POSITIVE_INFINITY })
let server: Awaited<ReturnType<typeof serve>>
let page: Page

test.before(async () => {
  server = await serve(emulator)
  page = await browser.newPage()
  await page.goto(server.url)
})
test.after(async () => {
  await server.close()
  emulator.close()
})

/** Runs the workflow, and gives the link of the video. */
async function make(fields: Parameters<typeof form>[0]): Promise<string> {
  const ask = async (path: string, init: RequestInit = {}): Promise<any> => {
    const headers = { 'X-API-KEY': emulator.apiKey }
    return (await (await fetch(`${server.url}/api/v1/runs${path}`, { ...init, headers })).json()).data
  }
  const { run_id } = await ask('?workflow_id=t3xt2v1deo00', { method: 'POST', body: form(fields) })
  for (;;) {
    const run = await ask(`/${run_id}`)
    if (run.status === 'completed') return run.outputs[0].url
    assert.is(run.status, 'running', run.error)
  }
}

interface Frame {
  size: number[]
  duration: number
  /** RGB of each place. */
  colours: number[][]
}

/** What a browser shows at a time in seconds. */
function frame(url: string, time: number, places: number[][]): Promise<Frame> {
  return page.evaluate(
    async ({ url, time, places }) => {
      // From the link, so that a time is reached by a range.
      const video = Object.assign(document.createElement('video'), { crossOrigin: 'anonymous', src: url })
      video.onloadeddata = () => {
        video.currentTime = time
      }
      let shown: number
      do {
        // `seeked` can come before the frame can be drawn.
        shown = await new Promise<number>((resolve, reject) => {
          video.requestVideoFrameCallback((_, { mediaTime }) => resolve(mediaTime))
          video.onerror = () => reject(new Error(video.error?.message))
          setTimeout(() => reject(new Error('The browser shows no frame')), 60_000)
        })
      } while (shown > time || time >= shown + 1 / 16)
      const { videoWidth: width, videoHeight: height, duration } = video
      const context = Object.assign(document.createElement('canvas'), { width, height }).getContext('2d')!
      context.drawImage(video, 0, 0)
      const colours = places.map(([x, y]) => [...context.getImageData(x!, y!, 1, 1).data.slice(0, 3)])
      return { size: [width, height], duration, colours }
    },
    { url, time, places },
  )
}

const [WIDTH, HEIGHT, TRAVEL] = [512, 288, 62]
const places = [0, 7, 16, 255, 496, 511].flatMap((x) => [0, 15, 100, 287].map((y) => [x, y]))

/** A picture as wide as all frames see together: red grows to the right, green downwards, under squares light and dark. */
const wide = WIDTH + TRAVEL
const colourAt = (x: number, y: number): number[] => {
  const bits = Math.imul(x >> 1, 0x9e3779b1) ^ Math.imul(y >> 1, 0x85ebca6b)
  const square = (bits >> 15) & 1 ? 25 : -25
  return [(x / wide) * 150 + 53, (y / HEIGHT) * 100 + 78, 128].map((value) => value + square)
}
const picture = encode({
  width: wide,
  height: HEIGHT,
  channels: 3,
  data: Uint8Array.from(
    Array.from({ length: wide * HEIGHT }, (_, i) => colourAt(i % wide, Math.floor(i / wide))).flat(),
  ),
})

for (const [seed, name, from, to] of [
  ['1', 'to the right', 0, TRAVEL],
  ['0', 'to the left', TRAVEL, 0],
] as const) {
  test(`the view moves ${name}, and every frame has its colours`, async () => {
    const image = new Blob([picture.slice()], { type: 'image/png' })
    const url = await make({ prompt: 'x', seed, image })
    for (const number of [0, 1, 15, 31]) {
      const { size, duration, colours } = await frame(url, (number + 0.5) / 16, places)
      assert.equal([size, duration], [[WIDTH, HEIGHT], 2])
      const left = from + ((to - from) * number) / 31
      for (const [i, [x, y]] of places.entries()) {
        const wanted = colourAt(x! + left, y!)
        const apart = Math.max(...wanted.map((value, n) => Math.abs(value - colours[i]![n]!)))
        assert.ok(apart < 6, `frame ${number}, ${x}, ${y}: ${colours[i]}, not ${wanted.map(Math.round)}`)
      }
    }
  })
}

test('it plays from its link to its end', async () => {
  const url = await make({ prompt: 'a lighthouse at dusk', seed: '7', duration: '1' })
  const played = await page.evaluate(async (url) => {
    const video = Object.assign(document.createElement('video'), { crossOrigin: 'anonymous', muted: true })
    const canvas = Object.assign(document.createElement('canvas'), { width: 64, height: 36 })
    const context = canvas.getContext('2d', { willReadFrequently: true })!
    const pictures = new Set<string>()
    video.ontimeupdate = () => {
      context.drawImage(video, 0, 0, 64, 36)
      pictures.add(context.getImageData(0, 0, 64, 36).data.join())
    }
    video.src = url
    await new Promise((resolve, reject) => {
      video.onended = resolve
      video.onerror = () => reject(new Error(video.error?.message))
      setTimeout(() => reject(new Error('The video does not end')), 60_000)
      video.play().catch(reject)
    })
    return { size: [video.videoWidth, video.videoHeight], end: video.currentTime, pictures: pictures.size }
  }, url)
  assert.equal([played.size, played.end], [[WIDTH, HEIGHT], 1])
  assert.ok(played.pictures > 1, `${played.pictures} pictures`)
})

test('a video of four seconds has a last frame', async () => {
  const url = await make({ prompt: 'a lighthouse at dusk', seed: '7', duration: '4' })
  const first = await frame(url, 0.01, places)
  const last = await frame(url, 3.99, places)
  assert.is(last.duration, 4)
  assert.not.equal(first.colours, last.colours)
})

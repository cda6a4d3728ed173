import type { RunContext } from '@flowscale/emulator'
import { encode } from 'fast-png'
import { assert, suite } from '#test'
import { createSleep } from '../../../../../packages/emulator/src/engine/performRun.ts'
import { fillFrame } from '../../../../../packages/emulator/src/painter/scale.ts'
import { nalUnit } from '../../../../../packages/emulator/src/painter/video/h264.ts'
import { paintVideo } from '../../../../../packages/emulator/src/painter/video/paintVideo.ts'
import { builtIn } from '../../../../../packages/emulator/src/workflows/builtIn.ts'
import { isRising } from '../../../../support/isRising.ts'
import { until } from '../../../../support/until.ts'
import { type Answer, type Api, ended, type Fields, form, open } from '../../kit.ts'

const test = suite('video')
const workflow = 't3xt2v1deo00'
let api: Api

test.before(async () => {
  api = await open('emulator.fetch')
})
test.after(() => api.close())

async function run(fields: Fields): Promise<Answer['body']> {
  return ended(api, await api.run(workflow, fields))
}

async function make(fields: Fields): Promise<Uint8Array> {
  const { status, error, outputs } = await run(fields)
  assert.is(status, 'completed', error)
  const response = await api.fetch(outputs[0].url)
  assert.is(response.headers.get('content-type'), 'video/mp4')
  assert.match(outputs[0].filename, /\.mp4$/)
  return new Uint8Array(await response.arrayBuffer())
}

/** A difference of so many bytes is of no use in a message. */
function same(one: Uint8Array, two: Uint8Array): boolean {
  return Buffer.compare(one, two) === 0
}

/** The last value of a generator. */
function last<T>(steps: Generator<number, T>): T {
  let step = steps.next()
  while (!step.done) step = steps.next()
  return step.value
}

/** The boxes of an MP4 by their paths, as views of their contents. */
function boxes(file: Uint8Array, path = ''): Map<string, DataView> {
  const found = new Map<string, DataView>()
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  for (let at = 0; at < file.length; ) {
    const size = view.getUint32(at)
    assert.ok(
      size >= 8 && at + size <= file.length,
      `a box of ${size} bytes at ${at} in ${path || 'the file'}`,
    )
    const name = path + String.fromCharCode(...file.subarray(at + 4, at + 8))
    const inner = file.subarray(at + 8, at + size)
    found.set(name, new DataView(inner.buffer, inner.byteOffset, inner.byteLength))
    if (/(moov|trak|mdia|minf|stbl)$/.test(name)) {
      for (const [key, value] of boxes(inner, `${name}/`)) found.set(key, value)
    }
    at += size
  }
  return found
}

/** The frames that the index of a file names: they follow one another to the end of the file. */
function frames(file: Uint8Array): { seconds: number; types: number[]; bytes: number[] } {
  const all = boxes(file)
  assert.equal(
    [...all.keys()].filter((name) => !name.includes('/')),
    ['ftyp', 'moov', 'mdat'],
  )
  const table = (name: string): DataView => all.get(`moov/trak/mdia/minf/stbl/${name}`)!
  const bytes = Array.from({ length: table('stsz').getUint32(8) }, (_, i) =>
    table('stsz').getUint32(12 + i * 4),
  )
  const view = new DataView(file.buffer)
  let at = table('stco').getUint32(8)
  const types = bytes.map((size) => {
    assert.is(view.getUint32(at), size - 4)
    const type = file[at + 4]! & 31
    at += size
    return type
  })
  assert.is(at, file.length)
  const mvhd = all.get('moov/mvhd')!
  return { seconds: mvhd.getUint32(16) / mvhd.getUint32(12), types, bytes }
}

test('an MP4 that differs by prompt and by seed', async () => {
  const video = await make({ prompt: 'a lighthouse at dusk', seed: '7' })
  assert.ok(video.length < 500_000, `${video.length} bytes`)
  assert.ok(same(await make({ prompt: 'a lighthouse at dusk', seed: '7' }), video))
  assert.not(same(await make({ prompt: 'a lighthouse at dusk', seed: '8' }), video))
  assert.not(same(await make({ prompt: 'a forest in the morning', seed: '7' }), video))
})

test('without a seed each run has one of its own', async () => {
  assert.not(same(await make({ prompt: 'x' }), await make({ prompt: 'x' })))
})

test('a key frame, then small ones, for as long as asked', async () => {
  for (const [duration, seconds] of [
    [undefined, 2],
    ['1', 1],
    ['2.5', 2.5],
    ['4', 4],
  ] as const) {
    const found = frames(await make({ prompt: '', seed: '-1', ...(duration && { duration }) }))
    assert.is(found.seconds, seconds)
    assert.equal(found.types, [5, ...Array(seconds * 16 - 1).fill(1)])
    assert.ok(found.bytes.slice(1).every((size) => size < 8000))
  }
})

test('width, height and length are those of the request', () => {
  const request = { prompt: 'x', seed: 1, width: 64, height: 48 }
  const file = last(paintVideo({ ...request, durationMs: 500 }, undefined))
  const { seconds, types } = frames(file)
  assert.equal([seconds, types.length], [0.5, 8])
  const header = boxes(file).get('moov/trak/tkhd')!
  assert.equal([header.getUint16(76), header.getUint16(80)], [64, 48])
  const short = last(paintVideo({ ...request, durationMs: 1 }, undefined))
  assert.is(frames(short).types.length, 1)
})

test('no bytes of a frame look like a mark of the stream', () => {
  for (const [payload, written] of [
    [
      [0, 0, 1],
      [0, 0, 3, 1],
    ],
    [
      [0, 0, 0, 0, 0, 4],
      [0, 0, 3, 0, 0, 3, 0, 4],
    ],
    [
      [0, 0, 4, 0, 0, 3],
      [0, 0, 4, 0, 0, 3, 3],
    ],
    [
      [1, 0, 2, 0],
      [1, 0, 2, 0],
    ],
  ]) {
    assert.equal([...nalUnit(0x65, payload!)], [0x65, ...written!])
  }
})

test('an image takes the place of the scene, whatever its size', async () => {
  const image = (value: number, width = 40, height = 300): Blob => {
    const data = new Uint8Array(width * height * 3).fill(value)
    return new Blob([encode({ width, height, channels: 3, data }).slice()])
  }
  const dark = await make({ prompt: 'x', seed: '1', image: image(10) })
  assert.is(frames(dark).types.length, 32)
  assert.ok(same(await make({ prompt: 'x', seed: '1', image: image(10, 1, 1) }), dark))
  const light = await make({ prompt: 'x', seed: '1', image: image(200) })
  assert.not(same(light, dark))
  assert.ok(same(await make({ prompt: 'x', seed: '1', image: image(200, 2000, 1300) }), light))
})

test('an image fills the frame with its middle, over white', () => {
  const pixel = (x: number, y: number): number[] => [x * 10, y * 10, 0, x === 2 && y === 1 ? 0 : 255]
  const picture = (width: number, height: number) => ({
    rgba: Uint8Array.from(
      Array.from({ length: width * height }, (_, i) => pixel(i % width, Math.floor(i / width))).flat(),
    ),
    width,
    height,
  })
  const row = [10, 10, 0, 255, 255, 255]
  assert.equal([...last(fillFrame(picture(4, 2), 2, 2))], [10, 0, 0, 20, 0, 0, ...row])
  assert.equal([...last(fillFrame(picture(2, 4), 2, 2))], [0, 10, 0, 10, 10, 0, 0, 20, 0, 10, 20, 0])
  const twice = [0, 0, 0, 0, 0, 0, 10, 0, 0, 10, 0, 0]
  assert.equal([...last(fillFrame(picture(2, 1), 4, 2))], [...twice, ...twice])
})

test('bad inputs: 422 for the form, a failed run for the rest', async () => {
  for (const fields of [{}, { prompt: 'x', duration: 'long' }, { prompt: 'x', seed: 'y' }] as Fields[]) {
    const { status, body } = await api.post(`/api/v1/runs?workflow_id=${workflow}`, form(fields))
    assert.is(status, 422)
    assert.is(body.detail.length, 1)
  }
  for (const duration of ['0', '0.9', '4.1', '-2']) {
    const { status, error } = await run({ prompt: 'x', duration })
    assert.equal([status, error], ['failed', `duration must be from 1 to 4 seconds, got ${duration}`])
  }
  const { status, error } = await run({ prompt: 'x', image: new Blob(['GIF89a']) })
  assert.equal([status, error], ['failed', 'blob is not a PNG or JPEG image'])
})

/** Performs the workflow with a context of the test; aborts after so many steps. Gives the progress that was told. */
async function perform(mostSteps = Number.POSITIVE_INFINITY): Promise<{ told: number[]; error: unknown }> {
  const control = new AbortController()
  const told: number[] = []
  const context: RunContext = {
    runId: 'x',
    random: () => 0.5,
    signal: control.signal,
    sleep: createSleep(control.signal, Number.POSITIVE_INFINITY),
    progress: (fraction) => {
      told.push(fraction)
      if (told.length === mostSteps) control.abort('cancelled')
    },
  }
  try {
    await builtIn()
      .find(({ id }) => id === workflow)!
      .run({ prompt: 'x' }, context)
    return { told, error: undefined }
  } catch (error) {
    return { told, error }
  }
}

test('progress comes in small steps while the scene is painted and while frames are made', async () => {
  const { told, error } = await perform()
  assert.is(error, undefined)
  assert.ok(isRising(told), `${told}`)
  assert.is(told.at(-1), 1)
  assert.ok(told.filter((fraction) => fraction < 0.7).length > 10, String(told))
  assert.ok(told.filter((fraction) => fraction > 0.7).length > 10, String(told))
})

test('a cancel ends the work at the next step', async () => {
  const { length } = (await perform()).told
  for (const steps of [1, 10, length - 2]) {
    const { told, error } = await perform(steps)
    assert.equal([told.length, error], [steps, 'cancelled'])
  }
  const slow = await open('emulator.fetch', { speed: 1 })
  const id = await slow.run(workflow, { prompt: 'x' })
  await until(async () => (await slow.state(id)).progress > 0)
  assert.is((await slow.post(`/api/v1/runs/${id}/cancel`)).status, 200)
  assert.is((await slow.state(id)).status, 'cancelled')
  await slow.close()
})

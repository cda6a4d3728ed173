import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PythonError } from '../python.ts'
import { fiveDigits, savePlace } from './files.ts'
import { crc32, mapPixels, toFilm, toJpeg, toPng } from './media.ts'
import type { Image, NodeClass, Work } from './types.ts'

const module = 'custom_nodes.test-nodes'
const common = { module, category: 'test' }
const maxSeed = 2n ** 64n - 1n

/** The lines of a traceback that lead into these nodes. */
const frame = (line: number, code: string): string[] => [
  `  File "<base>/custom_nodes/test-nodes/__init__.py", line ${line}, in run\n    ${code}\n`,
]

async function rest(inputs: Record<string, any>, work: Work): Promise<void> {
  const { image, seconds, fail, cooperative, preview } = inputs
  if (cooperative) {
    if (Number.isNaN(seconds)) {
      const code = 'steps = max(1, math.ceil(seconds / STEP))\n                   ~~~~~~~~~^^^^^^^^^^^^^^^^'
      throw new PythonError('ValueError', 'cannot convert float NaN to integer', frame(43, code))
    }
    const steps = Math.max(1, Math.ceil(seconds / 0.1))
    for (let done = 1; done <= steps; done++) {
      await work.sleep(seconds / steps)
      work.progress(done, steps, preview ? () => toJpeg(image) : undefined)
    }
  } else {
    await work.sleep(seconds)
  }
  if (fail) {
    const message = 'TestSleep was asked to fail'
    throw new PythonError('RuntimeError', message, frame(52, `raise RuntimeError("${message}")`))
  }
}

const sleepInputs: NodeClass['inputs'] = () => ({
  required: {
    image: ['IMAGE'],
    seconds: ['FLOAT', { default: 1, min: 0, max: 600, step: 0.1 }],
    fail: ['BOOLEAN', { default: false }],
    cooperative: ['BOOLEAN', { default: true }],
  },
  optional: {
    seed: ['INT', { default: 0, min: 0, max: maxSeed, tooltip: 'A new value defeats the cache' }],
    preview: ['BOOLEAN', { default: false, tooltip: 'Send a preview picture with each progress report' }],
  },
})

/** The nodes of `test/comfyui/nodes/test-nodes`. */
export const tests: Readonly<Record<string, NodeClass>> = {
  TestSleep: {
    ...common,
    inputs: sleepInputs,
    output: ['IMAGE'],
    async run(inputs, work) {
      await rest(inputs, work)
      return { result: [inputs.image] }
    },
  },
  TestSleepLast: {
    ...common,
    isOutput: true,
    inputs: sleepInputs,
    async run(inputs, work) {
      await rest(inputs, work)
      return { ui: { text: ['slept'] } }
    },
  },
  TestDrawText: {
    ...common,
    inputs: () => ({
      required: {
        image: ['IMAGE'],
        text: ['STRING', { default: '', multiline: true, dynamicPrompts: true }],
        seed: ['INT', { default: 0, min: 0, max: maxSeed, control_after_generate: true }],
        style: [['plain', 'inverted'], { default: 'plain' }],
      },
    }),
    output: ['IMAGE'],
    run({ image, text, seed, style }, work) {
      const colour = crc32(Buffer.from(`${seed}/${text}`)) & 0xffffff
      const half = (image as Image).width * Math.floor((image as Image).height / 2) * 3
      const drawn = mapPixels(image, (value, at) => {
        const plain = at < half ? (colour >> (16 - 8 * (at % 3))) & 255 : value
        return style === 'inverted' ? 255 - plain : plain
      })
      const { length } = drawn.frames
      for (let done = 1; done <= length; done++) work.progress(done, length)
      return { result: [drawn] }
    },
  },
  TestVideo: {
    ...common,
    isOutput: true,
    inputs: () => ({
      required: {
        images: ['IMAGE'],
        filename_prefix: ['STRING', { default: 'film' }],
        frame_rate: ['FLOAT', { default: 8, min: 1, max: 60 }],
        report_as: [['gifs', 'images'], { default: 'gifs' }],
      },
    }),
    run({ images, filename_prefix, frame_rate, report_as }, { life }) {
      const { folder, subfolder, stem, counter } = savePlace(life, filename_prefix, 'output')
      const filename = `${stem}_${fiveDigits(counter)}_.mp4`
      const fullpath = join(folder, filename)
      writeFileSync(fullpath, toFilm(images, frame_rate))
      const file = { filename, subfolder, type: 'output' }
      if (report_as === 'images') return { ui: { images: [file], animated: [true] } }
      const workflow = `${stem}_${fiveDigits(counter)}.png`
      writeFileSync(join(folder, workflow), toPng(images))
      return { ui: { gifs: [{ ...file, format: 'video/h264-mp4', frame_rate, workflow, fullpath }] } }
    },
  },
  TestBadOutput: {
    ...common,
    isOutput: true,
    inputs: () => ({ required: { seed: ['INT', { default: 0, min: 0 }] } }),
    // A function stands for the number of another library, which is no JSON either.
    run: ({ seed }) => ({ ui: { score: [() => seed] } }),
  },
}

import { existsSync, statSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { PythonError } from '../python.ts'
import { annotatedPath, fiveDigits, inputFiles, isThere, randomPath, savePlace } from './files.ts'
import { readFilm, readPicture, readSound, toFilm, toJpeg, toPng, toWave, webp } from './media.ts'
import type { Image, NodeClass, Spec } from './types.ts'

const pictures = ['png', 'jpg', 'jpeg', 'webp', 'avif', 'heif']
const films = ['webm', 'mp4', 'mkv', 'gif', 'mov', 'avi', 'wmv']
const sounds = ['wav', 'mp3', 'flac', 'ogg', 'm4a']
const hidden = { prompt: 'PROMPT', extra_pnginfo: 'EXTRA_PNGINFO' }

export const label = (value: string): { label: Spec } => ({ label: ['STRING', { default: value }] })
const quality: Spec = ['INT', { default: 95, min: 1, max: 100, step: 1 }]
export const prefix: Spec = ['STRING', { default: 'FlowScale' }]

function encode(format: string, images: Image, frame: number, quality: number): Uint8Array {
  if (format === 'png') return toPng(images, frame)
  return format === 'webp' ? webp : toJpeg(images, frame, quality)
}

const node = (
  kind: string,
  name: string,
  rest: Omit<NodeClass, 'module' | 'category' | 'displayName'>,
): NodeClass => ({
  module: 'custom_nodes.flowscale-nodes',
  category: `FlowScale/Media/${kind}`,
  displayName: `[FS] ${name}`,
  ...rest,
})

/** FlowScale's nodes. */
export const flowscale: Readonly<Record<string, NodeClass>> = {
  FSLoadText: node('Text', 'Load Text (Input)', {
    inputs: () => ({
      optional: { default_value: ['STRING', { multiline: true, default: '' }], ...label('Input Text') },
    }),
    output: ['STRING'],
    outputNames: ['text'],
    run: ({ default_value = null }) => ({ result: [default_value] }),
  }),
  FSLoadInteger: node('Integer', 'Load Integer (Input)', {
    inputs: () => ({
      required: { default_value: ['INT', { default: 0 }] },
      optional: label('Input Integer'),
    }),
    output: ['INT'],
    outputNames: ['integer'],
    run: ({ default_value }) => ({ result: [default_value] }),
  }),
  FSLoadImage: node('Image', 'Load Image (Input)', {
    inputs: (life) => ({
      required: { image: [inputFiles(life, pictures), { image_upload: true }] },
      optional: label('Input Image'),
    }),
    output: ['IMAGE'],
    outputNames: ['image'],
    run({ image }, { life }) {
      try {
        return { result: [readPicture(annotatedPath(life, basename(image)))] }
      } catch (error) {
        throw new PythonError('ValueError', `Error loading image: ${(error as Error).message}`)
      }
    },
  }),
  FSSaveText: node('Text', 'Save Text (Output)', {
    isOutput: true,
    inputs: () => ({
      required: { text: ['STRING', { forceInput: true }], filename_prefix: prefix },
      optional: label('Output Text'),
    }),
    run({ text, filename_prefix }, { life }) {
      writeFileSync(randomPath(life, filename_prefix, 'txt').path, text ?? '')
      return { ui: { text: [text ?? ''] } }
    },
  }),
  FSSaveInteger: node('Integer', 'Save Integer (Output)', {
    isOutput: true,
    inputs: () => ({
      required: { integer: ['INT', { forceInput: true }], filename_prefix: prefix },
      optional: label('Output Text'),
    }),
    // Its value is in no answer of the API.
    run({ integer, filename_prefix }, { life }) {
      writeFileSync(randomPath(life, filename_prefix, 'txt').path, String(integer))
      return {}
    },
  }),
  FSSaveImage: node('Image', 'Save Image (Output)', {
    isOutput: true,
    inputs: () => ({
      required: { images: ['IMAGE'], filename_prefix: prefix, format: [pictures, { default: 'png' }] },
      optional: {
        ...label('Output Image'),
        quality,
        lossless: ['BOOLEAN', { default: false, tooltip: 'Use lossless compression for webp/avif' }],
      },
    }),
    output: ['STRING'],
    outputNames: ['filepath'],
    run({ images, filename_prefix, format, quality = 95 }, { life }) {
      if (format === 'avif' || format === 'heif') {
        throw new PythonError('ValueError', `This test server cannot write ${format}: use png, jpg or webp`)
      }
      const saved = (images as Image).frames.map((_, frame) => {
        const { name, path } = randomPath(life, filename_prefix, format === 'jpg' ? 'jpeg' : format)
        writeFileSync(path, encode(format, images, frame, quality))
        return { filename: name, subfolder: '', type: 'output' }
      })
      return { ui: { images: saved }, result: [join(life.folder, 'output', saved[0]!.filename)] }
    },
  }),
  FSLoadVideo: node('Video', 'Load Video (Input)', {
    inputs: (life) => ({
      required: {
        video: [inputFiles(life, films)],
        skip_first_frames: ['INT', { default: 0, min: 0, max: 10000 }],
        select_every_nth: ['INT', { default: 1, min: 1, max: 100 }],
      },
      optional: label('Input Video'),
      hidden,
    }),
    output: ['IMAGE'],
    outputNames: ['IMAGES'],
    // Its check takes any input, and so switches off the checks of range and list for all.
    checks: ['video', 'skip_first_frames', 'select_every_nth', 'label'],
    validate: isThere('video'),
    changed: ({ video }, life) => statSync(annotatedPath(life, video)).mtimeMs,
    run({ video, skip_first_frames, select_every_nth }, { life }) {
      const { image } = readFilm(annotatedPath(life, video))
      const frames = image.frames.filter(
        (_, at) => at >= skip_first_frames && (at - skip_first_frames) % select_every_nth === 0,
      )
      if (!frames.length) throw new PythonError('ValueError', 'No frames could be extracted from the video')
      // The node nests its report once too often, and so only a key is left of it.
      return { ui: { ui: ['video'] }, result: [{ ...image, frames }] }
    },
  }),
  FSLoadAudio: node('Audio', 'Load Audio (Input)', {
    inputs: (life) => ({ required: { audio: [inputFiles(life, sounds)] }, optional: label('Input Audio') }),
    output: ['AUDIO'],
    outputNames: ['audio'],
    checks: ['audio'],
    validate: isThere('audio'),
    changed: ({ audio }, life) => statSync(annotatedPath(life, audio)).mtimeMs,
    run({ audio }, { life }) {
      const path = annotatedPath(life, audio)
      const sound = readSound(path)
      const { rate, channels, samples } = sound
      const about = { filename: basename(path), type: 'input', sample_rate: rate, channels }
      return {
        ui: { audio: [{ ...about, duration: samples.length / 2 / channels / rate }] },
        result: [sound],
      }
    },
  }),
  FSSaveVideo: node('Video', 'Save Video (Output)', {
    isOutput: true,
    inputs: () => ({
      required: {
        images: ['IMAGE'],
        filename_prefix: prefix,
        fps: ['FLOAT', { default: 24, min: 1, max: 120, step: 0.1 }],
      },
      optional: { quality, ...label('Output Video') },
      hidden,
    }),
    output: ['STRING'],
    outputNames: ['video_path'],
    run({ images, filename_prefix, fps }, { life }) {
      const { folder, subfolder, stem, counter } = savePlace(life, filename_prefix, 'output')
      let number = counter
      while (existsSync(join(folder, `${stem}_${fiveDigits(number)}.mp4`))) number++
      const filename = `${stem}_${fiveDigits(number)}.mp4`
      const fullpath = join(folder, filename)
      writeFileSync(fullpath, toFilm(images, fps))
      const about = { filename, subfolder, type: 'output', frame_rate: fps }
      const total_frames = (images as Image).frames.length
      return { ui: { gifs: [{ ...about, total_frames, format: 'video/mp4', fullpath }] }, result: [fullpath] }
    },
  }),
  FSSaveAudio: node('Audio', 'Save Audio (Output)', {
    isOutput: true,
    inputs: () => ({
      required: { audio: ['AUDIO'], filename_prefix: prefix },
      optional: {
        format: [['flac', 'wav', 'mp3', 'ogg'], { default: 'flac' }],
        quality,
        ...label('Output Audio'),
      },
      hidden,
    }),
    run({ audio, filename_prefix, format = 'flac' }, { life }) {
      if (format !== 'wav') {
        throw new PythonError('ValueError', `This test server cannot write ${format}: use wav`)
      }
      const { folder, subfolder, stem, counter } = savePlace(life, filename_prefix, 'output')
      const filename = `${stem}_${fiveDigits(counter)}_.${format}`
      writeFileSync(join(folder, filename), toWave(audio))
      const { rate, channels } = audio
      return {
        ui: { audio: [{ filename, subfolder, type: 'output', sample_rate: rate, channels, format }] },
      }
    },
  }),
}

import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { PythonError, str } from '../python.ts'
import type { Ui } from '../types.ts'
import { annotatedPath, fiveDigits, inputFiles, isThere, savePlace } from './files.ts'
import { mapPixels, readPicture, readSound, scale, toFilm, toPng } from './media.ts'
import type { Image, NodeClass, Spec, Work } from './types.ts'

const pictureEndings = ['png', 'jpg', 'jpeg', 'webp', 'gif', 'bmp']
const size = (min: number): Spec => ['INT', { default: 512, min, max: 16384, step: 1 }]
const hidden = { prompt: 'PROMPT', extra_pnginfo: 'EXTRA_PNGINFO' }
const prefixTip =
  'The prefix for the file to save. This may include formatting information such as %date:yyyy-MM-dd% or ' +
  '%Empty Latent Image.width% to include values from nodes.'

function saveImages(images: Image, prefix: string, type: 'output' | 'temp', { life }: Work): { ui: Ui } {
  const { folder, subfolder, stem, counter } = savePlace(life, prefix, type)
  const shown = images.frames.map((_, frame) => {
    const filename = `${stem}_${fiveDigits(counter + frame)}_.png`
    writeFileSync(join(folder, filename), toPng(images, frame))
    return { filename, subfolder, type }
  })
  return { ui: { images: shown } }
}

const letters = (): string =>
  Array.from({ length: 5 }, () => 'abcdefghijklmnopqrstupvxyz'[Math.floor(Math.random() * 26)]).join('')

const v3 = (
  file: string,
  category: string,
  displayName: string,
  rest: Omit<NodeClass, 'module' | 'category' | 'displayName'>,
): NodeClass => ({ module: `comfy_extras.nodes_${file}`, category, displayName, isV3: () => true, ...rest })
const files = (options: string[], upload: string): readonly [unknown, Record<string, unknown>] => [
  'COMBO',
  { multiselect: false, options, [upload]: true },
]

const choice = (tooltip: string, options: string[]): Spec => [
  'COMBO',
  { tooltip, default: 'auto', multiselect: false, options },
]

/** An error of 0.3.64 that passes through the library of the newer classes. */
const videoFrames = [
  ['<server>/comfy_api/internal/__init__.py', 149, 'wrapped_func'],
  ['<server>/comfy_api/latest/_io.py', 1270, 'EXECUTE_NORMALIZED'],
  ['<server>/comfy_extras/nodes_video.py', 108, 'execute'],
  ['<server>/comfy_api/latest/_util/video_types.py', 36, 'get_extension'],
  ['<python>/enum.py', 726, '__call__'],
  ['<python>/enum.py', 1203, '__new__'],
].map(([path, line, name]) => `  File "${path}", line ${line}, in ${name}\n    …\n`)

/** The nodes of ComfyUI itself that the workflows and recordings use. */
export const core: Readonly<Record<string, NodeClass>> = {
  EmptyImage: {
    module: 'nodes',
    category: 'image',
    inputs: () => ({
      required: {
        width: size(1),
        height: size(1),
        batch_size: ['INT', { default: 1, min: 1, max: 4096 }],
        color: ['INT', { default: 0, min: 0, max: 0xffffff, step: 1, display: 'color' }],
      },
    }),
    output: ['IMAGE'],
    run({ width, height, batch_size, color }) {
      const frame = new Uint8Array(width * height * 3)
      for (let at = 0; at < frame.length; at++) frame[at] = (color >> (16 - 8 * (at % 3))) & 255
      return { result: [{ width, height, frames: Array(batch_size).fill(frame) } satisfies Image] }
    },
  },
  LoadImage: {
    module: 'nodes',
    category: 'image',
    displayName: 'Load Image',
    inputs: (life) => ({ required: { image: [inputFiles(life, pictureEndings), { image_upload: true }] } }),
    output: ['IMAGE', 'MASK'],
    checks: ['image'],
    validate: isThere('image'),
    changed: ({ image }, life) =>
      createHash('sha256')
        .update(readFileSync(annotatedPath(life, image)))
        .digest('hex'),
    run({ image }, { life }) {
      const picture = readPicture(annotatedPath(life, image))
      return { result: [picture, picture] }
    },
  },
  ImageInvert: {
    module: 'nodes',
    category: 'image',
    displayName: 'Invert Image',
    inputs: () => ({ required: { image: ['IMAGE'] } }),
    output: ['IMAGE'],
    run: ({ image }) => ({ result: [mapPixels(image, (value) => 255 - value)] }),
  },
  ImageScale: {
    module: 'nodes',
    category: 'image/upscaling',
    displayName: 'Upscale Image',
    inputs: () => ({
      required: {
        image: ['IMAGE'],
        upscale_method: [['nearest-exact', 'bilinear', 'area', 'bicubic', 'lanczos']],
        width: size(0),
        height: size(0),
        crop: [['disabled', 'center']],
      },
    }),
    output: ['IMAGE'],
    run: ({ image, width, height }) => ({
      result: [scale(image, width || image.width, height || image.height)],
    }),
  },
  SaveImage: {
    module: 'nodes',
    category: 'image',
    displayName: 'Save Image',
    description: 'Saves the input images to your ComfyUI output directory.',
    isOutput: true,
    inputs: () => ({
      required: {
        images: ['IMAGE', { tooltip: 'The images to save.' }],
        filename_prefix: ['STRING', { default: 'ComfyUI', tooltip: prefixTip }],
      },
      hidden,
    }),
    run: ({ images, filename_prefix }, work) => saveImages(images, filename_prefix, 'output', work),
  },
  PreviewImage: {
    module: 'nodes',
    category: 'image',
    displayName: 'Preview Image',
    isOutput: true,
    inputs: () => ({ required: { images: ['IMAGE'] }, hidden }),
    run: ({ images }, work) => saveImages(images, `ComfyUI_temp_${letters()}`, 'temp', work),
  },
  PreviewAny: {
    module: 'comfy_extras.nodes_preview_any',
    category: 'utils',
    displayName: ({ version }) => (version.newerNodes ? 'Preview as Text' : 'Preview Any'),
    isOutput: true,
    inputs: () => ({ required: { source: ['*', {}] } }),
    run: ({ source }) => ({ ui: { text: [str(source)] } }),
  },
  // Of the newer kind: their combos have the type `COMBO`.
  LoadAudio: {
    module: 'comfy_extras.nodes_audio',
    category: 'audio',
    displayName: 'Load Audio',
    isV3: ({ version }) => version.newerNodes,
    inputs: (life) => {
      const found = inputFiles(life, ['wav', 'mp3', 'flac', 'ogg', 'm4a'])
      return {
        required: {
          audio: life.version.newerNodes ? files(found, 'audio_upload') : [found, { audio_upload: true }],
        },
      }
    },
    output: ['AUDIO'],
    checks: ['audio'],
    validate: isThere('audio'),
    run: ({ audio }, { life }) => ({ result: [readSound(annotatedPath(life, audio))] }),
  },
  LoadVideo: v3('video', 'image/video', 'Load Video', {
    inputs: (life) => ({
      required: { file: files(inputFiles(life, ['mp4', 'webm', 'mov', 'mkv']), 'video_upload') },
    }),
    output: ['VIDEO'],
    checks: ['file'],
    validate: isThere('file', 'video'),
    run: ({ file }, { life }) => ({ result: [{ source: basename(annotatedPath(life, file)) }] }),
  }),
  PrimitiveInt: v3('primitive', 'utils/primitive', 'Int', {
    inputs: () => ({
      required: {
        value: ['INT', { min: -(2n ** 63n) + 1n, max: 2n ** 63n - 1n, control_after_generate: true }],
      },
    }),
    output: ['INT'],
    run: ({ value }) => ({ result: [value] }),
  }),
  PrimitiveStringMultiline: v3('primitive', 'utils/primitive', 'String (Multiline)', {
    inputs: () => ({ required: { value: ['STRING', { multiline: true }] } }),
    output: ['STRING'],
    run: ({ value }) => ({ result: [value] }),
  }),
  CreateVideo: v3('video', 'image/video', 'Create Video', {
    inputs: () => ({
      required: { images: ['IMAGE'], fps: ['FLOAT', { default: 30, min: 1, max: 120, step: 1 }] },
      optional: { audio: ['AUDIO'] },
    }),
    output: ['VIDEO'],
    run: ({ images, fps }) => ({ result: [{ images, fps }] }),
  }),
  SaveVideo: v3('video', 'image/video', 'Save Video', {
    description: 'Saves the input images to your ComfyUI output directory.',
    isOutput: true,
    inputs: () => ({
      required: {
        video: ['VIDEO', { tooltip: 'The video to save.' }],
        filename_prefix: ['STRING', { tooltip: prefixTip, default: 'video/ComfyUI', multiline: false }],
        format: choice('The format to save the video as.', ['auto', 'mp4']),
        codec: choice('The codec to use for the video.', ['auto', 'h264']),
      },
      hidden: { prompt: ['PROMPT'], extra_pnginfo: ['EXTRA_PNGINFO'] },
    }),
    run({ video, filename_prefix, format }, { life }) {
      if (!['auto', 'mp4'].includes(format)) {
        throw new PythonError('ValueError', `'${format}' is not a valid VideoContainer`, videoFrames)
      }
      const { folder, subfolder, stem, counter } = savePlace(life, filename_prefix, 'output')
      const filename = `${stem}_${fiveDigits(counter)}_.mp4`
      writeFileSync(join(folder, filename), toFilm(video.images as Image, video.fps))
      return { ui: { images: [{ filename, subfolder, type: 'output' }], animated: [true] } }
    },
  }),
}

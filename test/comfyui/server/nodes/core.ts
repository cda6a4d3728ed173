import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { str } from '../python/repr.ts'
import type { Ui } from '../types.ts'
import { annotatedPath, fiveDigits, inputFiles, isFile, savePlace } from './files.ts'
import { mapPixels, readPicture, scale, toPng } from './pictures.ts'
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

/** The pictures of ComfyUI itself that the workflows and recordings use. */
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
    validate: ({ image }, life) =>
      isFile(annotatedPath(life, image)) ? undefined : `image - Invalid image file: ${image}`,
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
}

export { prefixTip }

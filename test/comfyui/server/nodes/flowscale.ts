import { writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { PythonError } from '../python/PythonError.ts'
import { annotatedPath, inputFiles, randomPath } from './files.ts'
import { readPicture, toJpeg, toPng, webp } from './pictures.ts'
import type { Image, NodeClass, Spec } from './types.ts'

const module = 'custom_nodes.flowscale-nodes'
const pictures = ['png', 'jpg', 'jpeg', 'webp', 'avif', 'heif']

export const label = (value: string): { label: Spec } => ({ label: ['STRING', { default: value }] })
export const quality: Spec = ['INT', { default: 95, min: 1, max: 100, step: 1 }]
export const prefix: Spec = ['STRING', { default: 'FlowScale' }]

function encode(format: string, images: Image, frame: number, quality: number): Uint8Array {
  if (format === 'png') return toPng(images, frame)
  return format === 'webp' ? webp : toJpeg(images, frame, quality)
}

/** FlowScale's nodes for text, whole numbers and pictures. */
export const flowscale: Readonly<Record<string, NodeClass>> = {
  FSLoadText: {
    module,
    category: 'FlowScale/Media/Text',
    displayName: '[FS] Load Text (Input)',
    inputs: () => ({
      optional: { default_value: ['STRING', { multiline: true, default: '' }], ...label('Input Text') },
    }),
    output: ['STRING'],
    outputNames: ['text'],
    run: ({ default_value = null }) => ({ result: [default_value] }),
  },
  FSLoadInteger: {
    module,
    category: 'FlowScale/Media/Integer',
    displayName: '[FS] Load Integer (Input)',
    inputs: () => ({
      required: { default_value: ['INT', { default: 0 }] },
      optional: label('Input Integer'),
    }),
    output: ['INT'],
    outputNames: ['integer'],
    run: ({ default_value }) => ({ result: [default_value] }),
  },
  FSLoadImage: {
    module,
    category: 'FlowScale/Media/Image',
    displayName: '[FS] Load Image (Input)',
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
  },
  FSSaveText: {
    module,
    category: 'FlowScale/Media/Text',
    displayName: '[FS] Save Text (Output)',
    isOutput: true,
    inputs: () => ({
      required: { text: ['STRING', { forceInput: true }], filename_prefix: prefix },
      optional: label('Output Text'),
    }),
    run({ text, filename_prefix }, { life }) {
      writeFileSync(randomPath(life, filename_prefix, 'txt').path, text ?? '')
      return { ui: { text: [text ?? ''] } }
    },
  },
  FSSaveInteger: {
    module,
    category: 'FlowScale/Media/Integer',
    displayName: '[FS] Save Integer (Output)',
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
  },
  FSSaveImage: {
    module,
    category: 'FlowScale/Media/Image',
    displayName: '[FS] Save Image (Output)',
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
  },
}

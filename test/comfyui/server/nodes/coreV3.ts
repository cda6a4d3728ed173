import { writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { PythonError } from '../python/PythonError.ts'
import { prefixTip } from './core.ts'
import { annotatedPath, fiveDigits, inputFiles, isFile, savePlace } from './files.ts'
import { readSound, toFilm } from './films.ts'
import type { Image, NodeClass } from './types.ts'

const always = (): boolean => true
const files = (options: string[], upload: string): readonly [unknown, Record<string, unknown>] => [
  'COMBO',
  { multiselect: false, options, [upload]: true },
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

/** Core nodes of the newer kind: their combos have the type `COMBO`. */
export const coreV3: Readonly<Record<string, NodeClass>> = {
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
    validate: ({ audio }, life) =>
      isFile(annotatedPath(life, audio)) ? undefined : `audio - Invalid audio file: ${audio}`,
    run: ({ audio }, { life }) => ({ result: [readSound(annotatedPath(life, audio))] }),
  },
  LoadVideo: {
    module: 'comfy_extras.nodes_video',
    category: 'image/video',
    displayName: 'Load Video',
    isV3: always,
    inputs: (life) => ({
      required: { file: files(inputFiles(life, ['mp4', 'webm', 'mov', 'mkv']), 'video_upload') },
    }),
    output: ['VIDEO'],
    checks: ['file'],
    validate: ({ file }, life) =>
      isFile(annotatedPath(life, file)) ? undefined : `file - Invalid video file: ${file}`,
    run: ({ file }, { life }) => ({ result: [{ source: basename(annotatedPath(life, file)) }] }),
  },
  PrimitiveInt: {
    module: 'comfy_extras.nodes_primitive',
    category: 'utils/primitive',
    displayName: 'Int',
    isV3: always,
    inputs: () => ({
      required: {
        value: ['INT', { min: -(2n ** 63n) + 1n, max: 2n ** 63n - 1n, control_after_generate: true }],
      },
    }),
    output: ['INT'],
    run: ({ value }) => ({ result: [value] }),
  },
  PrimitiveStringMultiline: {
    module: 'comfy_extras.nodes_primitive',
    category: 'utils/primitive',
    displayName: 'String (Multiline)',
    isV3: always,
    inputs: () => ({ required: { value: ['STRING', { multiline: true }] } }),
    output: ['STRING'],
    run: ({ value }) => ({ result: [value] }),
  },
  CreateVideo: {
    module: 'comfy_extras.nodes_video',
    category: 'image/video',
    displayName: 'Create Video',
    isV3: always,
    inputs: () => ({
      required: { images: ['IMAGE'], fps: ['FLOAT', { default: 30, min: 1, max: 120, step: 1 }] },
      optional: { audio: ['AUDIO'] },
    }),
    output: ['VIDEO'],
    run: ({ images, fps }) => ({ result: [{ images, fps }] }),
  },
  SaveVideo: {
    module: 'comfy_extras.nodes_video',
    category: 'image/video',
    displayName: 'Save Video',
    description: 'Saves the input images to your ComfyUI output directory.',
    isOutput: true,
    isV3: always,
    inputs: () => ({
      required: {
        video: ['VIDEO', { tooltip: 'The video to save.' }],
        filename_prefix: ['STRING', { tooltip: prefixTip, default: 'video/ComfyUI', multiline: false }],
        format: [
          'COMBO',
          {
            tooltip: 'The format to save the video as.',
            default: 'auto',
            multiselect: false,
            options: ['auto', 'mp4'],
          },
        ],
        codec: [
          'COMBO',
          {
            tooltip: 'The codec to use for the video.',
            default: 'auto',
            multiselect: false,
            options: ['auto', 'h264'],
          },
        ],
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
  },
}

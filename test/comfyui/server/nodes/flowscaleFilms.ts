import { existsSync, statSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { PythonError } from '../python/PythonError.ts'
import { annotatedPath, fiveDigits, inputFiles, isFile, savePlace } from './files.ts'
import { readFilm, readSound, toFilm, toWave } from './films.ts'
import { label, prefix, quality } from './flowscale.ts'
import type { Image, NodeClass } from './types.ts'

const module = 'custom_nodes.flowscale-nodes'
const films = ['webm', 'mp4', 'mkv', 'gif', 'mov', 'avi', 'wmv']
const sounds = ['wav', 'mp3', 'flac', 'ogg', 'm4a']
const hidden = { prompt: 'PROMPT', extra_pnginfo: 'EXTRA_PNGINFO' }

/** FlowScale's nodes for films and sounds. */
export const flowscaleFilms: Readonly<Record<string, NodeClass>> = {
  FSLoadVideo: {
    module,
    category: 'FlowScale/Media/Video',
    displayName: '[FS] Load Video (Input)',
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
    validate: ({ video }, life) =>
      isFile(annotatedPath(life, video)) ? undefined : `video - Invalid video file: ${video}`,
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
  },
  FSLoadAudio: {
    module,
    category: 'FlowScale/Media/Audio',
    displayName: '[FS] Load Audio (Input)',
    inputs: (life) => ({ required: { audio: [inputFiles(life, sounds)] }, optional: label('Input Audio') }),
    output: ['AUDIO'],
    outputNames: ['audio'],
    checks: ['audio'],
    validate: ({ audio }, life) =>
      isFile(annotatedPath(life, audio)) ? undefined : `audio - Invalid audio file: ${audio}`,
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
  },
  FSSaveVideo: {
    module,
    category: 'FlowScale/Media/Video',
    displayName: '[FS] Save Video (Output)',
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
  },
  FSSaveAudio: {
    module,
    category: 'FlowScale/Media/Audio',
    displayName: '[FS] Save Audio (Output)',
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
  },
}

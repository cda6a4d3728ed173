import type { ClassInfo } from '../../../../../packages/gateway/src/comfyui/workflows/types.ts'
import recorded from './objectInfo.json' with { type: 'json' }

const text = ['STRING', { multiline: true, dynamicPrompts: true }]
const seed = ['INT', { default: 0, min: 0, max: 18446744073709552000, control_after_generate: true }]
const codec = [
  'COMFY_DYNAMICCOMBO_V3',
  { options: [{ key: 'h264' }, { key: 'av1', inputs: { optional: { speed: ['INT', { default: 4 }] } } }] },
]
const prefix = ['STRING', { default: 'ComfyUI' }]

function written(display_name: string, required: object, output: string[], output_node = false): ClassInfo {
  return { display_name, input: { required: { ...required } }, output, output_node }
}

/** Classes that no recording has, by what their fields look like from outside. */
const others: Record<string, ClassInfo> = {
  CheckpointLoaderSimple: written('Load Checkpoint', { ckpt_name: [['a.safetensors', 'b.safetensors']] }, [
    'MODEL',
    'CLIP',
    'VAE',
  ]),
  CLIPTextEncode: written('CLIP Text Encode (Prompt)', { text, clip: ['CLIP'] }, ['CONDITIONING']),
  CLIPTextEncodeSDXL: written('CLIPTextEncodeSDXL', { text_g: text, text_l: text, clip: ['CLIP'] }, [
    'CONDITIONING',
  ]),
  EmptyLatentImage: written(
    'Empty Latent Image',
    {
      width: ['INT', { default: 512, min: 16, max: 16384, step: 8 }],
      height: ['INT', { default: 512, min: 16, max: 16384, step: 8 }],
    },
    ['LATENT'],
  ),
  KSampler: written(
    'KSampler',
    {
      model: ['MODEL'],
      seed,
      steps: ['INT', { default: 20, min: 1, max: 10000 }],
      cfg: ['FLOAT', { default: 8, min: 0, max: 100, step: 0.1 }],
      sampler_name: [['euler', 'heun']],
      scheduler: ['COMBO', { options: [{ nested: true }, 'simple', 'karras'], default: 'karras' }],
      positive: ['CONDITIONING'],
      negative: ['CONDITIONING'],
      latent_image: ['LATENT'],
    },
    ['LATENT'],
  ),
  VAEDecode: written('VAE Decode', { samples: ['LATENT'], vae: ['VAE'] }, ['IMAGE']),
  ImageInvert: written('Invert Image', { image: ['IMAGE'] }, ['IMAGE']),
  CreateVideo: written(
    'Create Video',
    { images: ['IMAGE'], fps: ['FLOAT', { default: 30, min: 1, max: 120 }] },
    ['VIDEO'],
  ),
  TestVideo: written('TestVideo', { images: ['IMAGE'], filename_prefix: prefix }, [], true),
  PreviewImage: written('Preview Image', { images: ['IMAGE'] }, [], true),
  FSSaveText: written(
    '[FS] Save Text (Output)',
    { text: ['STRING', { forceInput: true }], filename_prefix: prefix },
    [],
    true,
  ),
  FSSaveInteger: written(
    '[FS] Save Integer (Output)',
    { integer: ['INT', { forceInput: true }], filename_prefix: prefix },
    [],
    true,
  ),
  FSLoadAudio: written('[FS] Load Audio (Input)', { audio: [['a.mp3']] }, ['AUDIO']),
  CheckpointSave: written(
    'Save Checkpoint',
    { model: ['MODEL'], clip: ['CLIP'], vae: ['VAE'], filename_prefix: prefix },
    [],
    true,
  ),
  SaveAndPass: written('SaveAndPass', { images: ['IMAGE'], filename_prefix: prefix }, ['IMAGE']),
  PickMany: written('PickMany', { tags: ['COMBO', { multiselect: true, options: ['a', 'b', 'c'] }] }, [
    'TAGS',
  ]),
  SaveFilm: written(
    'Save Film',
    {
      video: ['VIDEO', {}],
      filename_prefix: prefix,
      format: [
        'COMFY_DYNAMICCOMBO_V3',
        {
          options: [
            { key: 'auto', inputs: { required: {} } },
            { key: 'mp4', inputs: { required: { codec, crf: ['INT', { default: 23, min: 0, max: 51 }] } } },
          ],
        },
      ],
    },
    [],
    true,
  ),
}

const now = recorded['0.8.0'] as Record<string, ClassInfo>
const before = recorded['0.3.64'] as Record<string, ClassInfo>

/** What a server of this version knows of a class. */
export function classesOf(version: '0.3.64' | '0.8.0'): (name: string) => Promise<ClassInfo | undefined> {
  const classes = new Map(Object.entries({ ...others, ...now, ...(version === '0.3.64' && before) }))
  return async (name) => classes.get(name)
}

/** The graph that ComfyUI starts with, as it is exported. */
export const stableDiffusion = {
  '3': {
    inputs: {
      seed: 156680208700286,
      steps: 20,
      cfg: 8,
      sampler_name: 'euler',
      scheduler: 'karras',
      model: ['4', 0],
      positive: ['6', 0],
      negative: ['7', 0],
      latent_image: ['5', 0],
    },
    class_type: 'KSampler',
    _meta: { title: 'KSampler' },
  },
  '4': {
    inputs: { ckpt_name: 'a.safetensors' },
    class_type: 'CheckpointLoaderSimple',
    _meta: { title: 'Load Checkpoint' },
  },
  '5': {
    inputs: { width: 512, height: 512 },
    class_type: 'EmptyLatentImage',
    _meta: { title: 'Empty Latent Image' },
  },
  '6': {
    inputs: { text: 'a glass bottle', clip: ['4', 1] },
    class_type: 'CLIPTextEncode',
    _meta: { title: 'CLIP Text Encode (Prompt)' },
  },
  '7': {
    inputs: { text: '', clip: ['4', 1] },
    class_type: 'CLIPTextEncode',
    _meta: { title: 'CLIP Text Encode (Prompt)' },
  },
  '8': {
    inputs: { samples: ['3', 0], vae: ['4', 2] },
    class_type: 'VAEDecode',
    _meta: { title: 'VAE Decode' },
  },
  '9': {
    inputs: { filename_prefix: 'ComfyUI', images: ['8', 0] },
    class_type: 'SaveImage',
    _meta: { title: 'Save Image' },
  },
}

import type { Kind, Scalar } from '../../../engine.ts'
import { isObject } from './isObject.ts'
import { specsOf } from './specsOf.ts'
import type { ClassInfo, Field, GraphNode } from './types.ts'

/** What marks a list of files. */
const UPLOADS: readonly (readonly [flag: string, kind: Kind])[] = [
  ['image_upload', 'image'],
  ['animated_image_upload', 'image'],
  ['video_upload', 'video'],
  ['audio_upload', 'audio'],
  ['file_upload', 'file'],
]
/** Lists of files that bear no mark. */
const FILES = new Map<string, Kind>([
  ['FSLoadVideo.video', 'video'],
  ['FSLoadAudio.audio', 'audio'],
  ['VHS_LoadVideo.video', 'video'],
  ['VHS_LoadVideoFFmpeg.video', 'video'],
  ['VHS_LoadAudioUpload.audio', 'audio'],
])
const TYPES = new Map<unknown, 'string' | 'number' | 'boolean'>([
  ['STRING', 'string'],
  ['INT', 'number'],
  ['FLOAT', 'number'],
  ['BOOLEAN', 'boolean'],
])

/** The fields of a node that a caller may set. Where the server does not have the class, the values tell. */
export function readFields(
  { class_type, inputs }: GraphNode,
  info: ClassInfo | undefined,
): Map<string, Field> {
  const specs = info ? specsOf(info.input, inputs) : Object.entries(inputs)
  const fields = specs.map(([name, spec]) =>
    info ? readField(class_type, name, spec) : guessField(name, spec),
  )
  return new Map(fields.flatMap((field) => (field ? [[field.name, field]] : [])))
}

function readField(classType: string, name: string, spec: unknown): Field | undefined {
  const [type, more] = Array.isArray(spec) ? spec : []
  const about = isObject(more) ? more : {}
  if (about.forceInput === true) return undefined
  const common = { name, array: false, integer: type === 'INT', multiline: about.multiline === true }
  const choices = type === 'COMBO' ? (about.options ?? []) : type
  if (Array.isArray(choices)) {
    const file = UPLOADS.find(([flag]) => about[flag] === true)?.[1] ?? FILES.get(`${classType}.${name}`)
    if (file) return { ...common, kind: file }
    const scalars = choices.filter(isScalar)
    const options = scalars.filter((choice) => typeof choice === typeof scalars[0])
    const list = { ...common, array: about.multiselect === true }
    // A list without choices, of a folder without models, would refuse each value: the server says more.
    if (options.length === 0) return { ...list, kind: 'string' }
    const preset = options.includes(about.default as Scalar) ? (about.default as Scalar) : options[0]
    return { ...list, kind: typeof options[0] as 'string' | 'number' | 'boolean', options, default: preset }
  }
  const kind = TYPES.get(type)
  if (!kind) return undefined
  const preset = typeof about.default === kind ? (about.default as Scalar) : undefined
  if (kind !== 'number') return { ...common, kind, default: preset }
  return { ...common, kind, default: preset, min: exact(about.min), max: exact(about.max) }
}

function guessField(name: string, value: unknown): Field | undefined {
  if (!isScalar(value)) return undefined
  const kind = typeof value as 'string' | 'number' | 'boolean'
  return { name, kind, array: false, integer: Number.isInteger(value), multiline: kind === 'string' }
}

/** A seed reaches 2^64, and JSON holds no number above 2^53 exactly. */
function exact(limit: unknown): number | undefined {
  if (typeof limit !== 'number') return undefined
  return Math.min(Math.max(limit, Number.MIN_SAFE_INTEGER), Number.MAX_SAFE_INTEGER)
}

function isScalar(value: unknown): value is Scalar {
  return ['string', 'number', 'boolean'].includes(typeof value)
}

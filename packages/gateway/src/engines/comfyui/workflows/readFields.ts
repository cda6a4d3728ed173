import type { Kind, Scalar } from '../../../engine.ts'
import { isObject } from './isObject.ts'
import type { ClassInfo, Field, GraphNode } from './types.ts'

const UPLOADS = {
  image_upload: 'image',
  animated_image_upload: 'image',
  video_upload: 'video',
  audio_upload: 'audio',
  file_upload: 'file',
} as const

/** Lists of files that `/object_info` does not mark as such. */
const FILES: Readonly<Record<string, Kind>> = {
  'FSLoadImage.image': 'image',
  'FSLoadVideo.video': 'video',
  'FSLoadAudio.audio': 'audio',
  'VHS_LoadVideo.video': 'video',
  'VHS_LoadVideoFFmpeg.video': 'video',
  'VHS_LoadAudioUpload.audio': 'audio',
}

const TYPES = { STRING: 'string', INT: 'number', FLOAT: 'number', BOOLEAN: 'boolean' } as const

/** The fields of a node that a caller may set. Where the server does not have the class, the values tell. */
export function readFields(
  { class_type, inputs }: GraphNode,
  info: ClassInfo | undefined,
): Map<string, Field> {
  const specs = { ...asObject(info?.input?.required), ...asObject(info?.input?.optional) }
  const fields = info
    ? Object.entries(specs).map(([name, spec]) => readField(class_type, name, spec))
    : Object.entries(inputs).map(([name, value]) => guessField(class_type, name, value))
  return new Map(fields.flatMap((field) => (field ? [[field.name, field]] : [])))
}

function readField(classType: string, name: string, spec: unknown): Field | undefined {
  const [type, more] = Array.isArray(spec) ? spec : []
  const about = asObject(more)
  if (about.forceInput === true) return undefined
  const choices = Array.isArray(type) ? type : type === 'COMBO' ? (about.options ?? []) : undefined
  const common = { name, array: false, integer: type === 'INT', multiline: about.multiline === true }
  if (Array.isArray(choices)) {
    const file = fileKind(classType, name, about)
    if (file) return { ...common, kind: file }
    const options = sameType(choices.filter(isScalar))
    // A list without a choice (a folder without models) would refuse each value: the server tells more.
    if (options.length === 0) return { ...common, kind: 'string', array: about.multiselect === true }
    const preset = options.find((option) => option === about.default) ?? options[0]
    const kind = typeof options[0] as 'string' | 'number' | 'boolean'
    return { ...common, kind, array: about.multiselect === true, options, default: preset }
  }
  if (typeof type !== 'string' || !Object.hasOwn(TYPES, type)) return undefined
  const kind = TYPES[type as keyof typeof TYPES]
  const file = kind === 'string' ? fileKind(classType, name, about) : undefined
  if (file) return { ...common, kind: file }
  const preset = typeof about.default === kind ? (about.default as Scalar) : undefined
  if (kind !== 'number') return { ...common, kind, default: preset }
  return { ...common, kind, default: preset, min: limit(about.min), max: limit(about.max) }
}

function guessField(classType: string, name: string, value: unknown): Field | undefined {
  if (!isScalar(value)) return undefined
  const kind = FILES[`${classType}.${name}`] ?? (typeof value as 'string' | 'number' | 'boolean')
  const integer = Number.isInteger(value)
  return { name, kind, array: false, integer, multiline: kind === 'string' && /text|prompt/i.test(name) }
}

function fileKind(classType: string, name: string, about: Record<string, unknown>): Kind | undefined {
  const flag = Object.keys(UPLOADS).find((key) => about[key] === true) as keyof typeof UPLOADS | undefined
  return flag ? UPLOADS[flag] : FILES[`${classType}.${name}`]
}

/** JSON holds no larger number exactly, and a seed reaches 2^64. */
function limit(value: unknown): number | undefined {
  if (typeof value !== 'number') return undefined
  return Math.min(Math.max(value, Number.MIN_SAFE_INTEGER), Number.MAX_SAFE_INTEGER)
}

/** Choices of one type: those of the first one's. */
function sameType(choices: readonly Scalar[]): Scalar[] {
  return choices.filter((choice) => typeof choice === typeof choices[0])
}

function isScalar(value: unknown): value is Scalar {
  return ['string', 'number', 'boolean'].includes(typeof value)
}

function asObject(value: unknown): Record<string, unknown> {
  return isObject(value) ? value : {}
}

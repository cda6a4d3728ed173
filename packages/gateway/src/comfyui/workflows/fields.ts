// The fields of a node that a caller may set, and the inputs that they become.
import { type Input, isFileKind, type Kind, type Scalar } from '../../engine.ts'
import { isObject } from '../../options.ts'
import type { ClassInfo, Field, GraphNode, KnownNode, NamedInput } from './types.ts'

/** The fields of a node that a caller may set. If the server lacks the class, the values of the graph decide. */
export function readFields(
  { class_type, inputs }: GraphNode,
  info: ClassInfo | undefined,
): Map<string, Field> {
  const fields = info
    ? [...specsOf(info, (name) => inputs[name])].map((spec) =>
        spec.type === '*' ? guessField(spec.name, inputs[spec.name]) : readField(class_type, spec),
      )
    : Object.entries(inputs).map(([name, value]) => guessField(name, value))
  return new Map(fields.flatMap((field) => (field ? [[field.name, field]] : [])))
}

/** The server's facts about a field. */
export interface Spec {
  /** With the names of the fields around it: `format.codec`. */
  readonly name: string
  readonly required: boolean
  readonly type: unknown
  /** Of a list. */
  readonly choices: readonly unknown[] | undefined
  readonly about: Readonly<Record<string, unknown>>
}

/**
 * The facts about the fields of a class in their order, the required ones first. On newer servers a choice can have fields
 * of its own: the fields of the choice in `values` follow. A caller may add a value when it gets its field.
 */
export function* specsOf(
  { input, input_order: order }: ClassInfo,
  values: (name: string) => unknown,
  prefix = '',
): Generator<Spec> {
  for (const part of ['required', 'optional'] as const) {
    const specs = isObject(input?.[part]) ? input[part] : {}
    const named = Array.isArray(order?.[part]) ? order[part].map(String) : []
    const names = new Set([...named.filter((name) => Object.hasOwn(specs, name)), ...Object.keys(specs)])
    for (const bare of names) {
      const [type, options] = Array.isArray(specs[bare]) ? specs[bare] : []
      const [name, about] = [prefix + bare, isObject(options) ? options : {}]
      const listed = Array.isArray(about.options) ? about.options : []
      const entries = type === 'COMFY_DYNAMICCOMBO_V3' ? listed.filter(isObject) : undefined
      const choices = entries?.map(({ key }) => key) ?? (type === 'COMBO' ? listed : type)
      yield {
        name,
        required: part === 'required',
        type,
        choices: Array.isArray(choices) ? choices : undefined,
        about,
      }
      const inputs = entries?.find(({ key }) => key === values(name))?.inputs
      if (isObject(inputs)) yield* specsOf({ input: inputs }, values, `${name}.`)
    }
  }
}

/** The option that marks a list of files, and the kind of the files. */
const UPLOADS: Readonly<Record<string, Kind>> = {
  image_upload: 'image',
  animated_image_upload: 'image',
  video_upload: 'video',
  audio_upload: 'audio',
  file_upload: 'file',
}
/** Lists of files without such an option. */
const FILES = new Map<string, Kind>([
  ['FSLoadVideo.video', 'video'],
  ['FSLoadAudio.audio', 'audio'],
  ['VHS_LoadVideo.video', 'video'],
  ['VHS_LoadVideoFFmpeg.video', 'video'],
  ['VHS_LoadAudioUpload.audio', 'audio'],
  ['LoadLatent.latent', 'file'],
])
const TYPES = new Map<unknown, Kind>([
  ['STRING', 'string'],
  ['INT', 'number'],
  ['FLOAT', 'number'],
  ['BOOLEAN', 'boolean'],
  ['COLOR', 'string'],
])

/** Whether all nodes of a class have the same fields. */
export const hasFixedFields = ({ input }: ClassInfo): boolean =>
  Object.values({ ...input?.required, ...input?.optional }).every(
    (spec) => !['COMFY_DYNAMICCOMBO_V3', '*'].includes(Object(spec)[0]),
  )

/** The kind of files in a list that uploads add to, or `undefined` for any other field. */
export const uploadOf = (about: Spec['about']): Kind | undefined =>
  Object.entries(UPLOADS).find(([key]) => about[key] === true)?.[1]

function readField(classType: string, { name, type, choices, about }: Spec): Field | undefined {
  if (about.forceInput === true) return undefined
  const common = { name, array: false, integer: type === 'INT', multiline: about.multiline === true }
  if (choices) {
    const file = uploadOf(about) ?? FILES.get(`${classType}.${name}`)
    if (file) return { ...common, kind: file }
    const scalars = choices.filter(isScalar)
    const options = scalars.filter((choice) => typeof choice === typeof scalars[0])
    const list = { ...common, array: about.multiselect === true }
    // A list without choices would refuse each value, and the server's own error says more. The editor fills a `remote` list.
    if (options.length === 0) return { ...list, kind: 'string', isEmptyList: !about.remote }
    const preset = options.find((option) => option === about.default) ?? options[0]
    return { ...list, kind: kindOf(options[0]!), options, default: preset }
  }
  const kind = TYPES.get(type)
  if (!kind) return undefined
  const field = {
    ...common,
    kind,
    default: typeof about.default === kind ? (about.default as Scalar) : undefined,
  }
  return kind === 'number' ? { ...field, min: exact(about.min), max: exact(about.max) } : field
}

function guessField(name: string, value: unknown): Field | undefined {
  if (!isScalar(value)) return undefined
  const kind = kindOf(value)
  return { name, kind, array: false, integer: Number.isInteger(value), multiline: kind === 'string' }
}

/** The limits of a seed reach 2^64, and JSON holds no number above 2^53 exactly. */
function exact(limit: unknown): number | undefined {
  if (typeof limit !== 'number') return undefined
  return Math.min(Math.max(limit, Number.MIN_SAFE_INTEGER), Number.MAX_SAFE_INTEGER)
}

const kindOf = (value: Scalar): Kind => typeof value as 'string' | 'number' | 'boolean'

const isScalar = (value: unknown): value is Scalar => ['string', 'number', 'boolean'].includes(typeof value)

/**
 * Makes the input that sets a field. `settings` come from the sidecar. The input is optional if the graph has a value.
 * Files are required: nobody wants the example file of the workflow's author. An empty FSLoadText is required, too.
 */
export function makeInput(
  name: string,
  { id, node: { class_type, inputs } }: KnownNode,
  field: Field,
  why: string,
  settings: Partial<Input> = {},
): NamedInput {
  const kind = settings.kind ?? field.kind
  const isFile = isFileKind(kind)
  const isSeed = /^(noise_)?seed$/.test(field.name) || /(^|_)seed(_\d+)?$/.test(name)
  const seed = field.integer && isSeed && settings.default === undefined && settings.required !== true

  const raw = Object.hasOwn(inputs, field.name) ? inputs[field.name] : undefined
  const isLarge = kind === 'number' && isLargeNumber(raw)
  const value = asKind(kind, raw) ?? field.default
  const isEmpty = class_type === 'FSLoadText' && value === ''
  const preset = settings.default ?? (isFile || field.array || seed || isEmpty || isLarge ? undefined : value)
  const required =
    settings.required ?? !(seed || isLarge || preset !== undefined || (field.array && isObject(raw)))
  return {
    name,
    kind,
    required,
    array: field.array,
    default: required ? undefined : preset,
    min: settings.min ?? field.min,
    max: settings.max ?? field.max,
    integer: field.integer,
    options: isFile ? undefined : (settings.options ?? field.options),
    description: settings.description,
    fields: [{ node: id, field: field.name }],
    why,
    seed,
  }
}

/** Whether one value can fit all fields. */
export function canJoin(fields: readonly Omit<Input, 'required'>[]): boolean {
  const [first] = fields
  const [min, max] = rangeOf(fields)
  const isSame = fields.every(({ kind, array }) => kind === first?.kind && array === first.array)
  return isSame && min <= max && (first?.options === undefined || commonOptions(fields)?.length !== 0)
}

const rangeOf = (all: readonly Pick<Input, 'min' | 'max'>[]): [min: number, max: number] => [
  all.reduce((most, { min = -Infinity }) => Math.max(most, min), -Infinity),
  all.reduce((least, { max = Infinity }) => Math.min(least, max), Infinity),
]

function commonOptions(all: readonly Pick<Input, 'options'>[]): readonly Scalar[] | undefined {
  const [first, ...others] = new Set(all.flatMap(({ options }) => (options ? [options] : [])))
  const sets = others.map((list) => new Set(list))
  return first?.filter((one) => sets.every((set) => set.has(one)))
}

/**
 * One input for the fields of all, which {@link canJoin}. Where their values differ, it has no default, and each field
 * keeps its own value.
 */
export function joinInputs(inputs: readonly NamedInput[]): NamedInput {
  const first = inputs[0]!
  const [min, max] = rangeOf(inputs)
  const aliases = inputs.flatMap((one) => one.aliases ?? [])
  const isSame = inputs.every((one) => one.default === first.default)
  return {
    ...first,
    fields: inputs.flatMap(({ fields }) => fields),
    default: isSame ? first.default : undefined,
    required: isSame && first.required,
    min: Number.isFinite(min) ? min : undefined,
    max: Number.isFinite(max) ? max : undefined,
    integer: inputs.some(({ integer }) => integer === true),
    options: commonOptions(inputs),
    ...(aliases.length > 0 && { aliases }),
  }
}

/** Whether a text is a whole number that JavaScript can't hold. Such a value stays in the graph. */
export const isLargeNumber = (value: unknown): boolean =>
  typeof value === 'string' && /^-?\d+$/.test(value) && !Number.isSafeInteger(Number(value))

/** Converts between texts and numbers, as ComfyUI does. */
function asKind(kind: Kind, value: unknown): Scalar | undefined {
  if (kind === 'string' && typeof value === 'number') return String(value)
  if (kind === 'number' && typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value)) return Number(value)
  return typeof value === kind ? (value as Scalar) : undefined
}

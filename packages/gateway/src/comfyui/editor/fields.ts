import { type ClassInfo, isObject } from '../workflows/types.ts'

/** An input of a class, as the editor shows it: a field with a value, or a socket for a link. */
export interface EditorField {
  /** With the names of the fields that it belongs to, such as `format.codec`. */
  readonly name: string
  readonly required: boolean
  readonly kind: 'widget' | 'socket' | 'group'
  /** Of a field: `INT`, or several kinds. */
  readonly types: readonly string[]
  readonly choices: readonly unknown[] | undefined
  readonly about: Readonly<Record<string, unknown>>
  /** A field that takes a link only. Before 1.16, the editor kept a value for it. */
  readonly isForced: boolean
  /** Whether the editor keeps `control_after_generate` after its value. */
  readonly isControlled: boolean
  readonly isUpload: boolean
  /** The fields that belong to each choice. */
  readonly inner: ReadonlyMap<unknown, ClassInfo['input']>
  /** Of a group of inputs that grows: the names that must have a link. */
  readonly least: readonly string[]
}

const PLAIN = ['INT', 'FLOAT', 'STRING', 'BOOLEAN']
/** Fields of the editor whose value is sent as it is saved. */
const SAVED = ['COLOR', 'COLORS', 'BOUNDING_BOX', 'BOUNDING_BOXES', 'CURVE', 'RANGE', 'MARKDOWN', 'TEXTAREA']
/** Fields whose value the editor makes when it runs the workflow. */
const MADE = [
  'WEBCAM',
  'AUDIO_RECORD',
  'LOAD_3D',
  'LOAD_3D_ANIMATION',
  'IMAGECOMPARE',
  'PAINTER',
  'COMPOSITOR',
]
const UPLOADS = ['image_upload', 'animated_image_upload', 'video_upload', 'audio_upload', 'file_upload']

/** Whether only the editor can make the value of a field. */
export const isMade = ({ types }: EditorField): boolean => types.some((type) => MADE.includes(type))

/** The inputs of a class in the order of its fields in the editor. `values` says which choices have fields of their own. */
export function fieldsOf(
  { input, input_order: order }: ClassInfo,
  values: (name: string) => unknown,
): EditorField[] {
  return orderedOf(input, order).flatMap((field) => withInner(field, values))
}

/** The fields that a choice brings along, one level deep. */
export function innerOf(field: EditorField, value: unknown): EditorField[] {
  const inner = orderedOf(field.inner.get(value), undefined)
  return inner.map((one) => ({ ...one, name: `${field.name}.${one.name}` }))
}

function withInner(field: EditorField, values: (name: string) => unknown): EditorField[] {
  const inner = innerOf(field, values(field.name))
  return [field, ...inner.flatMap((one) => withInner(one, values))]
}

/** Required inputs come first, and those that `input_order` does not name last. */
export function orderedOf(input: ClassInfo['input'], order: ClassInfo['input_order']): EditorField[] {
  return (['required', 'optional'] as const).flatMap((part) => {
    const specs = isObject(input?.[part]) ? input[part] : {}
    const named = Array.isArray(order?.[part]) ? order[part].map(String) : []
    const names = new Set([...named.filter((name) => Object.hasOwn(specs, name)), ...Object.keys(specs)])
    return [...names].map((name) => readField(name, specs[name], part === 'required'))
  })
}

function readField(name: string, spec: unknown, required: boolean): EditorField {
  const [type, options] = Array.isArray(spec) ? spec : []
  const about = isObject(options) ? options : {}
  const isDynamic = type === 'COMFY_DYNAMICCOMBO_V3'
  const entries = isDynamic && Array.isArray(about.options) ? about.options.filter(isObject) : []
  const inner = new Map(entries.map(({ key, inputs }) => [key, inputs as ClassInfo['input']]))
  const isList = Array.isArray(type) || type === 'COMBO' || isDynamic
  const listed = isDynamic ? [...inner.keys()] : Array.isArray(type) ? type : about.options
  const types = isList ? ['COMBO'] : String(about.widgetType ?? type).split(',')
  const isWidget =
    isList || types.every((one) => PLAIN.includes(one) || SAVED.includes(one) || MADE.includes(one))
  const isGroup = type === 'COMFY_AUTOGROW_V3' || type === 'COMFY_DYNAMICSLOT_V3'
  const isForced = isWidget && about.forceInput === true
  const isSeed = types[0] === 'INT' && (name === 'seed' || name === 'noise_seed')
  return {
    name,
    required,
    kind: isGroup ? 'group' : isWidget && !isForced ? 'widget' : 'socket',
    types,
    choices: isList ? (Array.isArray(listed) ? listed : []) : undefined,
    about,
    isForced,
    isControlled: isWidget && (about.control_after_generate ? true : isSeed),
    isUpload: UPLOADS.some((key) => about[key] === true),
    inner,
    least: type === 'COMFY_AUTOGROW_V3' && required ? leastOf(about.template) : [],
  }
}

/** A template has names, or a prefix that is counted, and says how many of them are required. */
function leastOf(template: unknown): string[] {
  if (!isObject(template) || !isObject(template.input) || !isObject(template.input.required)) return []
  const { names, prefix, min } = template
  const count = typeof min === 'number' ? Math.min(min, 100) : 0
  const first = Array.from({ length: count }, (_, index) =>
    Array.isArray(names) ? names[index] : `${String(prefix)}${index}`,
  )
  return first.filter((name) => typeof name === 'string')
}

/** Why a value does not belong to a field, or nothing. */
export function misfitOf(field: EditorField, value: unknown): string | undefined {
  const { types, choices, about } = field
  if (!isShallow(value, MOST_LEVELS)) return `its value is nested deeper than ${MOST_LEVELS} levels`
  const text = shorten(value)
  if (choices) {
    if (about.multiselect === true && Array.isArray(value)) {
      return value.map((one) => misfitOf({ ...field, about: {} }, one)).find((reason) => reason !== undefined)
    }
    if (choices.includes(value)) return undefined
    if (typeof value === 'string' && (isOpen(field) || looksLikeFile(value))) return undefined
    const first = choices.slice(0, 5).map(shorten).join(', ')
    return `${text} is none of its choices (${first}${choices.length > 5 ? '…' : ''})`
  }
  if (types.some((type) => isOfType(type, value))) return undefined
  return `${text} is no ${types.join(' or ')}`
}

/** A list of files or models differs from server to server, and one that the editor fills is not in the class. */
const isOpen = ({ choices, about, isUpload }: EditorField): boolean =>
  choices?.length === 0 || isUpload || isObject(about.remote)

const looksLikeFile = (value: string): boolean => /[^\s.]\.[A-Za-z][A-Za-z0-9]{1,11}( \[\w+\])?$/.test(value)

function isOfType(type: string, value: unknown): boolean {
  if (type === 'INT') return Number.isInteger(value) || isLargeNumber(value)
  if (type === 'FLOAT') return Number.isFinite(value)
  if (type === 'BOOLEAN') return typeof value === 'boolean'
  const isText = ['STRING', 'COLOR', 'MARKDOWN', 'TEXTAREA'].includes(type)
  return isText ? typeof value === 'string' : typeof value === 'object' && value !== null
}

/** A whole number that JavaScript can't hold stays the text of the file. */
const isLargeNumber = (value: unknown): boolean =>
  typeof value === 'string' && /^-?\d{16,20}$/.test(value) && !Number.isSafeInteger(Number(value))

/** The value that the editor gives a new field. */
export function defaultOf({ types, choices, about }: EditorField): unknown {
  if (about.default !== undefined && about.default !== null) return about.default
  if (choices) return choices[0]
  return new Map<string, unknown>([
    ['INT', 0],
    ['FLOAT', 0],
    ['STRING', ''],
    ['BOOLEAN', false],
  ]).get(types[0]!)
}

/** The JSON reader of Python, and so ComfyUI, gives up at 1,000. */
const MOST_LEVELS = 100

function isShallow(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true
  return levels > 0 && Object.values(value).every((item) => isShallow(item, levels - 1))
}

const LONGEST = 60

/** A value for a message. */
export function shorten(value: unknown): string {
  const text = isShallow(value, MOST_LEVELS) ? (JSON.stringify(value) ?? 'nothing') : 'a nested value'
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text
}

import { type ClassInfo, isObject } from '../workflows/types.ts'

/** An input of a class, as the editor shows it. */
export interface EditorField {
  /** With the names of the fields around it: `format.codec`. */
  readonly name: string
  readonly required: boolean
  /** A field with a value, a socket for a link, or a group of sockets that grows. */
  readonly kind: 'widget' | 'socket' | 'group'
  readonly types: readonly string[]
  readonly choices: readonly unknown[] | undefined
  readonly about: Readonly<Record<string, unknown>>
  /** Whether it starts as a socket. Some editors keep a value for it, others don't. */
  readonly startsAsSocket: boolean
  /** Whether the editor keeps `control_after_generate` after its value. */
  readonly isControlled: boolean
  /** The fields that come with a choice. */
  readonly inner: ReadonlyMap<unknown, ClassInfo['input']>
  /** The sockets of a group that must have a link. */
  readonly least: readonly string[]
}

const PLAIN = ['INT', 'FLOAT', 'STRING', 'BOOLEAN']
const TEXTS = ['STRING', 'COLOR', 'MARKDOWN', 'TEXTAREA']
/** Fields whose values are objects or lists. */
const OBJECTS = ['COLORS', 'BOUNDING_BOX', 'BOUNDING_BOXES', 'CURVE', 'RANGE', 'IMAGECOMPARE']
/** Fields whose values the editor makes when it runs the workflow, such as a picture of a camera. */
const MADE = ['WEBCAM', 'AUDIO_RECORD', 'LOAD_3D', 'LOAD_3D_ANIMATION', 'PAINTER', 'COMPOSITOR']
const WIDGETS = [...PLAIN, ...TEXTS, ...OBJECTS, ...MADE]
const UPLOADS = ['image_upload', 'animated_image_upload', 'video_upload', 'audio_upload', 'file_upload']

/** Whether only the editor can make the value of a field. */
export const isMade = ({ types }: EditorField): boolean => types.some((type) => MADE.includes(type))

/** The fields of a class, and those that come with the choices in `values`. */
export function fieldsOf(info: ClassInfo, values: (name: string) => unknown): EditorField[] {
  const withInner = (field: EditorField): EditorField[] => [
    field,
    ...innerOf(field, values(field.name)).flatMap(withInner),
  ]
  return outerOf(info).flatMap(withInner)
}

/** The fields that come with one choice. */
export const innerOf = ({ inner, name }: EditorField, choice: unknown): EditorField[] =>
  outerOf({ input: inner.get(choice) }).map((field) => ({ ...field, name: `${name}.${field.name}` }))

/** The fields of a class in the order of the editor: first the required ones. */
export function outerOf({
  input,
  input_order: order,
}: {
  readonly input?: ClassInfo['input'] | undefined
  readonly input_order?: ClassInfo['input_order']
}): EditorField[] {
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
  const types = String(about.widgetType ?? type).split(',')
  const isWidget = isList || types.every((one) => WIDGETS.includes(one))
  const isForced = about.forceInput === true
  const isGroup = type === 'COMFY_AUTOGROW_V3' || type === 'COMFY_DYNAMICSLOT_V3'
  return {
    name,
    required,
    kind: isGroup ? 'group' : isWidget && !isForced ? 'widget' : 'socket',
    types: isList ? ['COMBO'] : types,
    choices: !isList ? undefined : Array.isArray(listed) ? listed : [],
    about,
    startsAsSocket: isWidget && (isForced || (about.defaultInput === true && !required)),
    isControlled:
      isWidget && (!!about.control_after_generate || (type === 'INT' && /^(noise_)?seed$/.test(name))),
    inner,
    least:
      required && type === 'COMFY_AUTOGROW_V3' && isObject(about.template) ? leastOf(about.template) : [],
  }
}

/** A template has names, or a prefix that is counted, and says how many of them are required. */
function leastOf({ input, names, prefix, min }: Record<string, unknown>): string[] {
  const count =
    isObject(input) && isObject(input.required) && typeof min === 'number' ? Math.min(min, 100) : 0
  const counted = Array.from({ length: count }, (_, index) => `${String(prefix)}${index}`)
  return Array.isArray(names) ? names.slice(0, count).map(String) : counted
}

/** Why a value can't be one of a field. `undefined`: it can. */
export function misfitOf({ types, choices, about }: EditorField, value: unknown): string | undefined {
  if (choices) {
    const all = about.multiselect === true && Array.isArray(value) ? value : [value]
    const wrong = all.filter(
      (one) => !choices.includes(one) && !(typeof one === 'string' && mayBeMissing(one, choices, about)),
    )
    if (wrong.length === 0) return undefined
    const more = choices.length > 5 ? ', …' : ''
    return `${shorten(wrong[0])} is none of its choices: ${choices.slice(0, 5).map(shorten).join(', ')}${more}`
  }
  if (!types.some((type) => isOfType(type, value))) return `${shorten(value)} is no ${types.join(' or ')}`
  const isNumber = types.some((type) => type === 'INT' || type === 'FLOAT')
  if (isNumber && Number(value) < Number(about.min)) return `${shorten(value)} is below ${shorten(about.min)}`
  if (isNumber && Number(value) > Number(about.max)) return `${shorten(value)} is above ${shorten(about.max)}`
  return undefined
}

/** Files and models differ from server to server, and the editor fills some lists. */
const mayBeMissing = (value: string, choices: readonly unknown[], about: EditorField['about']): boolean =>
  choices.length === 0 || isObject(about.remote) || looksLikeFile(value)

export const looksLikeFile = (value: unknown): boolean =>
  typeof value === 'string' && /[^\s.]\.[A-Za-z]\w{1,11}( \[\w+\])?$/.test(value)

export const isUpload = (about: EditorField['about']): boolean => UPLOADS.some((key) => about[key] === true)

function isOfType(type: string, value: unknown): boolean {
  if (type === 'INT') return Number.isInteger(value) || isLarge(value)
  if (type === 'FLOAT') return Number.isFinite(value)
  if (type === 'BOOLEAN') return typeof value === 'boolean'
  return TEXTS.includes(type) ? typeof value === 'string' : typeof value === 'object' && value !== null
}

/** `parseJson` leaves a whole number as text that JavaScript can't hold. */
const isLarge = (value: unknown): boolean =>
  typeof value === 'string' && /^-?\d{16,20}$/.test(value) && !Number.isSafeInteger(Number(value))

/** The value that the editor gives to a new field. */
export function defaultOf({ types: [type], choices, about }: EditorField): unknown {
  if (about.default != null) return about.default
  if (choices) return choices[0]
  return type === 'INT' || type === 'FLOAT'
    ? 0
    : type === 'STRING'
      ? ''
      : type === 'BOOLEAN'
        ? false
        : undefined
}

/** A value for a message. */
export function shorten(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}

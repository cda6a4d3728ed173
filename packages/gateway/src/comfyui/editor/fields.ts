// The inputs of a class as ComfyUI's editor shows them.
import { isObject } from '../../options.ts'
import { hasFixedFields, isLargeNumber, type Spec, specsOf } from '../workflows/fields.ts'
import type { ClassInfo } from '../workflows/types.ts'

/** `/object_info` of a ComfyUI. */
export type Classes = Readonly<Record<string, ClassInfo>>

export const infoOf = (type: string, classes: Classes): ClassInfo | undefined =>
  Object.hasOwn(classes, type) && isObject(classes[type]) ? classes[type] : undefined

export interface EditorField extends Spec {
  /** A field with a value, a socket for a link, or a group of sockets that grows. */
  readonly kind: 'widget' | 'socket' | 'group'
  readonly types: readonly string[]
  /** Whether it starts as a socket. Some editors keep a value for it, others don't. */
  readonly startsAsSocket: boolean
  /** Whether the editor keeps `control_after_generate` after its value. */
  readonly isControlled: boolean
}

const TEXTS = ['STRING', 'COLOR', 'MARKDOWN', 'TEXTAREA']
/** Fields whose values are objects or lists. */
const OBJECTS = ['COLORS', 'BOUNDING_BOX', 'BOUNDING_BOXES', 'CURVE', 'RANGE', 'IMAGECOMPARE']
/** Fields whose values the editor makes when it runs the workflow, such as a picture of a camera. */
const MADE = ['WEBCAM', 'AUDIO_RECORD', 'LOAD_3D', 'LOAD_3D_ANIMATION', 'PAINTER', 'COMPOSITOR']
const WIDGETS = ['INT', 'FLOAT', 'BOOLEAN', ...TEXTS, ...OBJECTS, ...MADE]

/** Whether only the editor can make the value of a field. */
export const isMade = ({ types }: EditorField): boolean => types.some((type) => MADE.includes(type))

const fixed = new WeakMap<ClassInfo, readonly EditorField[]>()

/** The fields of a class in the order of the editor. As for `specsOf`, `values` may grow with each field. */
export function fieldsOf(
  info: ClassInfo,
  values: (name: string) => unknown = () => undefined,
): Iterable<EditorField> {
  const known = fixed.get(info)
  if (known || !hasFixedFields(info)) return known ?? makeFields(info, values)
  const fields = [...makeFields(info, values)]
  fixed.set(info, fields)
  return fields
}

function* makeFields(info: ClassInfo, values: (name: string) => unknown): Generator<EditorField> {
  for (const spec of specsOf(info, values)) {
    const { name, required, type, about, choices } = spec
    const types = choices ? ['COMBO'] : String(about.widgetType ?? type).split(',')
    const isWidget = choices !== undefined || types.every((one) => WIDGETS.includes(one))
    const isForced = about.forceInput === true
    const isGroup = type === 'COMFY_AUTOGROW_V3' || type === 'COMFY_DYNAMICSLOT_V3'
    const isSeed = type === 'INT' && /(^|\.)(noise_)?seed$/.test(name)
    yield {
      ...spec,
      kind: isGroup ? 'group' : isWidget && !isForced ? 'widget' : 'socket',
      types,
      startsAsSocket: isWidget && (isForced || (about.defaultInput === true && !required)),
      isControlled: isWidget && (isSeed || !!about.control_after_generate),
    }
  }
}

/**
 * The sockets of a group that must have a link. Its template has names, or a prefix that is counted, and says how many
 * of them are required.
 */
export function leastOf({ name, required, type, about: { template } }: EditorField): string[] {
  if (!required || type !== 'COMFY_AUTOGROW_V3' || !isObject(template)) return []
  const { input, names, prefix, min } = template
  const count = isObject(input) && isObject(input.required) ? Math.min(Number(min) || 0, 100) : 0
  const counted = Array.from({ length: count }, (_, index) => `${prefix}${index}`)
  return (Array.isArray(names) ? names.slice(0, count) : counted).map((bare) => `${name}.${bare}`)
}

/** Why a value can't be one of a field. `undefined`: it can. */
export function misfitOf({ types, choices, about }: EditorField, value: unknown): string | undefined {
  if (choices) {
    // Files and models differ from server to server, and the editor fills some lists.
    const isOpen = choices.length === 0 || isObject(about.remote)
    const fits = (one: unknown): boolean =>
      choices.includes(one) || (typeof one === 'string' && (isOpen || looksLikeFile(one)))
    const isSeveral = about.multiselect === true && Array.isArray(value)
    const wrong = (isSeveral ? value : [value]).filter((one) => !fits(one))
    if (wrong.length === 0) return undefined
    const known = choices.slice(0, 5).map((choice) => shorten(choice))
    return `${shorten(wrong[0])} is none of its choices: ${known.join(', ')}${choices.length > 5 ? ', …' : ''}`
  }
  const shown = shorten(value)
  if (!types.some((type) => isOfType(type, value))) return `${shown} is no ${types.join(' or ')}`
  if (!types.includes('INT') && !types.includes('FLOAT')) return undefined
  if (Number(value) < Number(about.min)) return `${shown} is below ${shorten(about.min)}`
  return Number(value) > Number(about.max) ? `${shown} is above ${shorten(about.max)}` : undefined
}

export const looksLikeFile = (value: unknown): boolean =>
  typeof value === 'string' && /[^\s.]\.[A-Za-z]\w{1,11}( \[\w+\])?$/.test(value)

function isOfType(type: string, value: unknown): boolean {
  if (type === '*') return typeof value !== 'object'
  if (type === 'INT') return Number.isInteger(value) || isLargeNumber(value)
  if (type === 'FLOAT') return Number.isFinite(value)
  if (type === 'BOOLEAN') return typeof value === 'boolean'
  return TEXTS.includes(type) ? typeof value === 'string' : typeof value === 'object' && value !== null
}

const DEFAULTS: Readonly<Record<string, unknown>> = { INT: 0, FLOAT: 0, STRING: '', BOOLEAN: false }

/** The value that the editor gives to a new field. */
export const defaultOf = ({ types, choices, about }: EditorField): unknown =>
  about.default ?? (choices ? choices[0] : DEFAULTS[types[0]!])

export const isEmpty = (value: unknown): boolean => value === null || value === ''
export const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

/** A value for a message. */
export function shorten(value: unknown, most = 60): string {
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length > most ? `${text.slice(0, most)}…` : text
}

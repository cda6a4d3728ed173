import type { ClassInfo } from '../workflows/types.ts'
import { type EditorField, fieldsOf, innerOf, misfitOf, orderedOf, shorten } from './fields.ts'
import type { EditorNode } from './readEditor.ts'

/** The values that a node has of its own, by field. */
export interface OwnValues {
  readonly values: ReadonlyMap<string, unknown>
  readonly notes: readonly string[]
  readonly problem?: string | undefined
}

/** How a list of values may be read. Where several ways fit and differ, the file has two meanings. */
interface Way {
  /** A value of `control_after_generate` stands after each seed. */
  readonly controls: boolean
  /** Inputs for links only have a value, too, as before 1.16. */
  readonly forced: boolean
  /** Optional fields that start as inputs have one, which some editors left out. */
  readonly optionalInputs: boolean
  /** The upload button stands before the optional fields. */
  readonly earlyButton: boolean
}

interface Reading {
  readonly values: Map<string, unknown>
  readonly misfits: { readonly name: string; readonly reason: string }[]
  readonly surplus: readonly unknown[]
  /** Whether each field got a value. */
  isFull: boolean
  /** Whether a text such as "randomize" stood after a seed. */
  hasControl: boolean
}

/**
 * Finds the values of a node, which the editor saves as a list in the order of the fields, or by name. The node's own
 * values of the `filled` fields are not used.
 */
export function readWidgets(
  node: EditorNode,
  info: ClassInfo,
  filled: ReadonlySet<string>,
  isRecent: boolean,
): OwnValues {
  const { named } = node
  const list = node.values ?? []
  const readings = waysOf(info, isRecent)
    .map((way) => ({ way, reading: readList(list, info, way) }))
    .filter(({ way, reading }) => !way.forced || (reading.isFull && reading.surplus.length === 0))
  const all = readings
    .filter(({ way }) => way.controls || !readings.some(({ reading }) => reading.hasControl))
    .map(({ reading }) => reading)
  if (named) return readNamed(named, node.values && all, info)
  const used = ({ misfits }: Reading): Reading['misfits'] => misfits.filter(({ name }) => !filled.has(name))
  const clean = all.filter(({ misfits }) => misfits.length === 0)
  const fitting = clean.length > 0 ? clean : all.filter((reading) => used(reading).length === 0)
  const [first] = fitting
  if (!first) {
    const { name, reason } = used(all[0]!)[0]!
    return { values: new Map(), notes: [], problem: `${name}: ${reason}` }
  }
  const meaning = ({ values }: Reading): string =>
    JSON.stringify([...values].filter(([name]) => !filled.has(name)))
  if (fitting.some((reading) => meaning(reading) !== meaning(first))) {
    const problem = `its values can be read in two ways: ${fitting.slice(0, 2).map(meaning).map(shorten).join(' or ')}`
    return { values: new Map(), notes: [], problem }
  }
  return { values: first.values, ...surplusOf(first.surplus) }
}

/** Values that no field of the class takes. Objects belong to fields that a script of the node makes. */
function surplusOf(surplus: readonly unknown[]): { notes: string[]; problem?: string } {
  const left = surplus.filter((value) => value !== null && value !== '' && value !== 'image')
  if (left.length === 0) return { notes: [] }
  const text = left.map(shorten).join(', ')
  if (left.some((value) => typeof value === 'object')) {
    return { notes: [], problem: `the class has no field for ${text}, which a script of its own reads` }
  }
  return { notes: [`the class has no field for ${text} at the end of its values`] }
}

/** Values by name. A list beside them must say the same. */
function readNamed(
  named: Readonly<Record<string, unknown>>,
  readings: readonly Reading[] | undefined,
  info: ClassInfo,
): OwnValues {
  const own = (name: string): unknown => (Object.hasOwn(named, name) ? named[name] : undefined)
  const fields = fieldsOf(info, own).filter(({ kind, name }) => kind === 'widget' && own(name) !== undefined)
  const values = new Map(fields.map(({ name }) => [name, own(name)]))
  const differsIn = (reading: Reading): string | undefined =>
    [...reading.values.keys()].find(
      (name) =>
        values.has(name) && JSON.stringify(values.get(name)) !== JSON.stringify(reading.values.get(name)),
    )
  if (!readings || readings.some((reading) => differsIn(reading) === undefined)) return { values, notes: [] }
  const name = differsIn(readings[0]!)!
  const both = `${shorten(readings[0]!.values.get(name))} in widgets_values and ${shorten(values.get(name))} by name`
  return { values, notes: [], problem: `${name} is ${both}` }
}

/** The ways that can make a difference for a class, the usual one first. */
function waysOf(info: ClassInfo, isRecent: boolean): Way[] {
  const fields = orderedOf(info.input, info.input_order)
  const inner = fields.flatMap((field) => [...field.inner.keys()].flatMap((key) => innerOf(field, key)))
  const either = (first: boolean, differs: boolean): boolean[] => (differs ? [first, !first] : [first])
  const hasUpload = fields.some(({ isUpload }) => isUpload)
  const isOptional = (field: EditorField): boolean => !field.required && field.kind === 'widget'
  return either(
    true,
    [...fields, ...inner].some(({ isControlled }) => isControlled),
  ).flatMap((controls) =>
    either(false, !isRecent && fields.some(({ isForced }) => isForced)).flatMap((forced) =>
      either(
        true,
        fields.some((field) => isOptional(field) && field.about.defaultInput === true),
      ).flatMap((optionalInputs) =>
        either(false, hasUpload && fields.some(isOptional)).map((earlyButton) => ({
          controls,
          forced,
          optionalInputs,
          earlyButton,
        })),
      ),
    ),
  )
}

const CONTROLS = ['fixed', 'increment', 'increment-wrap', 'decrement', 'randomize']

function readList(list: readonly unknown[], info: ClassInfo, way: Way): Reading {
  const reading = { values: new Map(), misfits: [], isFull: true, hasControl: false } as Omit<
    Reading,
    'surplus'
  >
  let at = 0
  const walk = (fields: readonly EditorField[]): void => {
    for (const field of fields) {
      if (field.kind !== 'widget' && !(field.isForced && way.forced)) continue
      if (field.about.defaultInput === true && !field.required && !way.optionalInputs) continue
      if (at >= list.length) {
        reading.isFull = false
        continue
      }
      const value = list[at++]
      const reason = misfitOf(field, value)
      if (reason !== undefined) reading.misfits.push({ name: field.name, reason })
      if (field.kind === 'widget') reading.values.set(field.name, value)
      if (field.isControlled && way.controls) takeControl(field)
      walk(innerOf(field, value))
    }
  }
  const takeControl = ({ name, choices }: EditorField): void => {
    if (at >= list.length) return
    const control = list[at++]
    const isText = typeof control === 'string' && CONTROLS.includes(control)
    if (isText) reading.hasControl = true
    else if (typeof control !== 'boolean') {
      reading.misfits.push({ name, reason: `${shorten(control)} stands where "fixed" or "randomize" should` })
    }
    // A list of choices also has a filter.
    if (choices && typeof list[at] === 'string') at++
  }
  const fields = orderedOf(info.input, info.input_order)
  walk(fields.filter(({ required }) => required))
  if (way.earlyButton) at++
  walk(fields.filter(({ required }) => !required))
  return { ...reading, surplus: list.slice(at) }
}

import type { ClassInfo } from '../workflows/types.ts'
import {
  type EditorField,
  fieldsOf,
  innerOf,
  isUpload,
  looksLikeFile,
  misfitOf,
  outerOf,
  shorten,
} from './fields.ts'
import type { EditorNode } from './readEditor.ts'

/** The values that a node has of its own, by field. */
export interface OwnValues {
  readonly values: ReadonlyMap<string, unknown>
  readonly note?: string
  readonly problem?: string
}

/** One way to read a list of values. */
interface Reading {
  readonly values: Map<string, unknown>
  readonly misfits: { readonly name: string; readonly reason: string }[]
  readonly surplus: readonly unknown[]
  readonly isFull: boolean
  /** Whether a text such as "randomize" stood after a seed. */
  readonly hasControl: boolean
}

/**
 * Finds the values of a node, which the editor saves by name, or as a list in the order of the fields. Some editors leave
 * out places of the list. Where it can be read in several ways that differ, it is not understood. Fields that are `filled`
 * by links don't need a value.
 */
export function readWidgets(
  { values: list = [], named }: EditorNode,
  info: ClassInfo,
  filled: ReadonlySet<string>,
  isRecent: boolean,
): OwnValues {
  const fields = outerOf(info)
  const usual = readList(list, fields, true, false)
  const readings = [usual]
  // Before 1.16, inputs for links only had a value, too. The list is complete then.
  const sockets = fields.filter(({ startsAsSocket }) => startsAsSocket)
  const full = readList(list, fields, true, true)
  const isComplete = full.isFull && full.surplus.length === 0
  if (sockets.every(({ kind }) => kind === 'widget') || (!isRecent && isComplete)) readings.push(full)
  if (!usual.hasControl) readings.push(readList(list, fields, false, false))
  if (named) return readNamed(named, list.length > 0 ? readings : [], info)

  const misfitsOf = ({ misfits }: Reading): Reading['misfits'] =>
    misfits.filter(({ name }) => !filled.has(name))
  const clean = readings.filter(({ misfits }) => misfits.length === 0)
  const fitting = clean.length > 0 ? clean : readings.filter((reading) => misfitsOf(reading).length === 0)
  const meaningOf = ({ values }: Reading): string =>
    JSON.stringify(Object.fromEntries([...values].filter(([name]) => !filled.has(name))))
  const meanings = [...new Set(fitting.map(meaningOf))]
  const [misfit] = misfitsOf(usual)
  if (meanings.length === 0) return { values: usual.values, problem: `${misfit!.name}: ${misfit!.reason}` }
  const both = meanings.slice(0, 2).join(' or ')
  if (meanings.length > 1) return { values: usual.values, problem: `its values can be read as ${both}` }
  return { values: fitting[0]!.values, ...judgeSurplus(fitting[0]!.surplus, fields) }
}

/** An upload has a button after all fields. An object belongs to a field that a script of the node makes. */
function judgeSurplus(
  surplus: readonly unknown[],
  fields: readonly EditorField[],
): Omit<OwnValues, 'values'> {
  const hasButton = fields.some(({ about }) => isUpload(about))
  const left = surplus.filter(
    (value) => value !== null && value !== '' && !(hasButton && typeof value === 'string'),
  )
  if (left.length === 0) return {}
  const text = `its class has no field for ${left.map(shorten).join(', ')} at the end of its values`
  return left.some((value) => typeof value === 'object') ? { problem: text } : { note: text }
}

/** Values by name. A list beside them must say the same. */
function readNamed(
  named: NonNullable<EditorNode['named']>,
  readings: readonly Reading[],
  info: ClassInfo,
): OwnValues {
  const ownOf = (name: string): unknown => (Object.hasOwn(named, name) ? named[name] : undefined)
  const known = fieldsOf(info, ownOf).filter(
    ({ kind, name }) => kind === 'widget' && ownOf(name) !== undefined,
  )
  const values = new Map(known.map(({ name }) => [name, ownOf(name)]))
  const differing = readings.map((reading) =>
    [...reading.values].find(([name, value]) => values.has(name) && !isSame(value, values.get(name))),
  )
  const [first] = differing
  if (!first || differing.includes(undefined)) return { values }
  const [name, value] = first
  return {
    values,
    problem: `${name} is ${shorten(value)} in widgets_values, and ${shorten(values.get(name))} by name`,
  }
}

const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

const CONTROLS = ['fixed', 'increment', 'increment-wrap', 'decrement', 'randomize']

function readList(
  list: readonly unknown[],
  fields: readonly EditorField[],
  hasControls: boolean,
  hasSockets: boolean,
): Reading {
  const [values, misfits] = [new Map<string, unknown>(), [] as { name: string; reason: string }[]]
  let [at, isFull, hasControl] = [0, true, false]
  const read = (field: EditorField): void => {
    const { name, kind, startsAsSocket, isControlled, choices } = field
    if (startsAsSocket ? !hasSockets : kind !== 'widget') return
    if (at >= list.length) {
      isFull = false
      return
    }
    const value = list[at++]
    const reason = misfitOf(field, value)
    if (reason !== undefined) misfits.push({ name, reason })
    if (kind === 'widget') values.set(name, value)
    if (isControlled && hasControls && at < list.length) {
      const control = list[at++]
      if (CONTROLS.includes(control as string)) hasControl = true
      else if (typeof control !== 'boolean')
        misfits.push({ name, reason: `${shorten(control)} stands after it` })
      // A list of choices has a filter, too.
      if (choices && typeof list[at] === 'string') at++
    }
    for (const one of innerOf(field, value)) read(one)
  }
  for (const field of fields) read(field)
  // A list without choices takes any text. Where values are missing at the end, they may have moved.
  const isOpen = ({ choices, name }: EditorField): boolean => choices?.length === 0 && values.has(name)
  for (const { name } of isFull ? [] : fields.filter(isOpen)) {
    const value = values.get(name)
    if (!looksLikeFile(value))
      misfits.push({ name, reason: `${shorten(value)} is no file, and values are missing` })
  }
  return { values, misfits, surplus: list.slice(at), isFull, hasControl }
}

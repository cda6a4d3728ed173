// Reads the values of a node, which ComfyUI's editor saves by name or as a list.
import { uploadOf } from '../workflows/fields.ts'
import type { ClassInfo } from '../workflows/types.ts'
import { fieldsOf, isEmpty, isSame, looksLikeFile, misfitOf, shorten } from './fields.ts'
import type { EditorNode } from './readEditor.ts'

interface OwnValues {
  readonly values: ReadonlyMap<string, unknown>
  readonly note?: string
  readonly problem?: string
}

/**
 * Finds the values of a node, which the editor saves by name, or as a list in the order of the fields. Some editors leave
 * out places of the list. If it can be read in several ways that differ, that is a problem. Fields that are `filled` by
 * links don't need a value.
 */
export function readWidgets(
  { values: list, named }: EditorNode,
  info: ClassInfo,
  filled: ReadonlySet<string>,
  version: number,
): OwnValues {
  const usual = readList(list, info, true, false)
  // Before 1.16, inputs for links only had a value, too. The list is complete then.
  const full = readList(list, info, true, true)
  const hasForced = [...fieldsOf(info)].some((field) => field.startsAsSocket && field.kind === 'socket')
  const readings = hasForced && (version >= 1016 || !full.isComplete) ? [usual] : [usual, full]
  if (!usual.hasControl) readings.push(readList(list, info, false, false))
  if (named) return readNamed(named, list.length > 0 ? readings : [], info)

  const misfitOfAny = ({ misfits }: Reading) => misfits.find(({ name }) => !filled.has(name))
  const clean = readings.filter(({ misfits }) => misfits.length === 0)
  const fitting = clean.length > 0 ? clean : readings.filter((reading) => !misfitOfAny(reading))
  const { values, surplus } = fitting[0] ?? usual
  const meaningOf = (reading: Reading): string =>
    JSON.stringify(Object.fromEntries([...reading.values].filter(([name]) => !filled.has(name))))
  const meanings = [...new Set(fitting.map(meaningOf))]
  if (meanings.length > 1)
    return { values, problem: `its values can be read as ${meanings.slice(0, 2).join(' or ')}` }
  const misfit = misfitOfAny(usual)
  if (meanings.length === 0) return { values, problem: `${misfit!.name}: ${misfit!.reason}` }
  return { values, ...judgeSurplus(surplus, info) }
}

/** An upload has a button after all fields. An object belongs to a field that a script of the node makes. */
function judgeSurplus(surplus: Reading['surplus'], info: ClassInfo): Omit<OwnValues, 'values'> {
  const hasButton = [...fieldsOf(info)].some(({ about }) => uploadOf(about))
  const left = surplus.filter((value) => !isEmpty(value) && !(hasButton && typeof value === 'string'))
  const text = `its class has no field for ${left.map((value) => shorten(value)).join(', ')} at the end of its values`
  if (left.some((value) => typeof value === 'object')) return { problem: text }
  return left.length > 0 ? { note: text } : {}
}

/** Values by name. A list beside them must say the same. */
function readNamed(
  named: NonNullable<EditorNode['named']>,
  readings: readonly Reading[],
  info: ClassInfo,
): OwnValues {
  const own = new Map(Object.entries(named))
  const fields = [...fieldsOf(info, (name) => own.get(name))].filter(({ kind }) => kind === 'widget')
  const values = new Map(fields.flatMap(({ name }) => (own.has(name) ? [[name, own.get(name)]] : [])))
  const differing = readings.map((reading) =>
    [...reading.values].find(([name, value]) => values.has(name) && !isSame(value, values.get(name))),
  )
  const [name, value] = (differing.every((one) => one) && differing[0]) || []
  if (name === undefined) return { values }
  const problem = `${name} is ${shorten(value)} in widgets_values, and ${shorten(values.get(name))} by name`
  return { values, problem }
}

const CONTROLS: readonly unknown[] = ['fixed', 'increment', 'increment-wrap', 'decrement', 'randomize']

/** One way to read a list of values. */
type Reading = ReturnType<typeof readList>

function readList(list: readonly unknown[], info: ClassInfo, hasControls: boolean, hasSockets: boolean) {
  const [values, misfits] = [new Map<string, unknown>(), [] as { name: string; reason: string }[]]
  const open: string[] = []
  let [at, isFull] = [0, true]
  /** Whether a text such as "randomize" stood after a seed. */
  let hasControl = false
  for (const field of fieldsOf(info, (name) => values.get(name))) {
    const { name, kind, startsAsSocket, isControlled, choices } = field
    if (startsAsSocket ? !hasSockets : kind !== 'widget') continue
    isFull &&= at < list.length
    if (!isFull) continue
    const value = list[at++]
    const reason = misfitOf(field, value)
    if (reason !== undefined) misfits.push({ name, reason })
    if (kind === 'widget') values.set(name, value)
    if (choices?.length === 0) open.push(name)
    if (!isControlled || !hasControls || at >= list.length) continue
    const control = list[at++]
    if (CONTROLS.includes(control)) hasControl = true
    else if (typeof control !== 'boolean')
      misfits.push({ name, reason: `${shorten(control)} stands after it` })
    // A list of choices has a filter, too.
    if (choices && typeof list[at] === 'string') at++
  }
  // A list without choices takes any text. Where values are missing at the end, they may have moved.
  for (const name of isFull ? [] : open) {
    const reason = `${shorten(values.get(name))} is no file, and values are missing`
    if (!looksLikeFile(values.get(name))) misfits.push({ name, reason })
  }
  /** Whether the list has a value for each field, and no other. */
  const isComplete = isFull && at === list.length
  return { values, misfits, surplus: list.slice(at), isComplete, hasControl }
}

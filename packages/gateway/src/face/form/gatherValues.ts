import type { Submission, Workflow } from '../../engine.ts'
import { InputError, type Problem } from '../../engineErrors.ts'
import type { Entry } from './readEntry.ts'

export interface Given {
  /** The place in the numbered form; -1 where the key is the name itself. */
  readonly index: number
  readonly entry: Entry
}

/** The values of a form that was read to its end, in the order of the workflow's inputs, or all that is wrong with it. */
export function gatherValues(
  { inputs }: Workflow,
  given: ReadonlyMap<string, readonly Given[]>,
  unknown: ReadonlySet<string>,
): Pick<Submission, 'values' | 'shown'> {
  const problems: Problem[] = []
  const values: [string, Submission['values'][string]][] = []
  const shown: Submission['shown'][number][] = []
  for (const [name, { required, array }] of inputs) {
    const entries = [...(given.get(name) ?? [])].sort((a, b) => a.index - b.index).map(({ entry }) => entry)
    if (entries.length === 0) {
      if (required) problems.push({ loc: ['body', name], msg: 'Field required', type: 'missing' })
      continue
    }
    if (!array && entries.length > 1) {
      const msg = `Input takes one value, got ${entries.length}`
      problems.push({ loc: ['body', name], msg, type: 'too_many_values' })
      continue
    }
    problems.push(...entries.flatMap((entry) => ('problems' in entry ? entry.problems : [])))
    const good = entries.flatMap((entry) => ('problems' in entry ? [] : [entry]))
    const first = good[0]
    if (!first) continue
    values.push([name, array ? good.map(({ value }) => value) : first.value])
    shown.push({ path: name, value: array ? good.map((entry) => entry.shown) : first.shown })
  }
  for (const key of unknown) {
    problems.push({ loc: ['body', key], msg: 'Extra inputs are not permitted', type: 'extra_forbidden' })
  }
  if (problems.length > 0) throw new InputError(problems)
  return { values: Object.fromEntries(values), shown }
}

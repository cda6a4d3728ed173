import { missing, type Problem } from '../http/answers.ts'
import type { Workflow } from '../options/checkWorkflows.ts'
import type { GivenInputs, Run } from '../pod/types.ts'
import type { InputValue } from '../types.ts'
import { groupEntries } from './groupEntries.ts'
import { readValue } from './readValue.ts'

export type ReadInputs = { shown: Run['shown']; given: GivenInputs } | { problems: Problem[] }

/** Checks a form against the workflow's inputs and decodes it, or lists everything that is wrong with it. */
export async function readInputs(workflow: Workflow, form: FormData): Promise<ReadInputs> {
  const problems: Problem[] = []
  const { entries, unknown } = groupEntries(workflow, form)
  const shown: Run['shown'] = []
  const values: [string, InputValue | InputValue[]][] = []
  const remote: GivenInputs['remote'] = []

  for (const [name, { kind, required, array }] of workflow.inputs) {
    const given = entries.get(name)
    if (!given) {
      if (required) problems.push(missing('body', name))
      continue
    }
    if (!array && given.length > 1) {
      const msg = `Input takes one value, got ${given.length}`
      problems.push({ loc: ['body', name], msg, type: 'too_many_values' })
      continue
    }
    const read = await Promise.all(given.map(({ value }) => readValue(kind, name, value)))
    read.forEach((item, index) => {
      if ('problem' in item) problems.push({ loc: ['body', given[index]!.key], ...item.problem })
      if ('url' in item) remote.push({ input: name, url: item.url })
    })
    const decoded = read.flatMap((item) => ('value' in item ? [item.value] : []))
    const texts = read.flatMap((item) => ('shown' in item ? [item.shown] : []))
    if (array) values.push([name, decoded])
    else if (decoded[0] !== undefined) values.push([name, decoded[0]])
    shown.push({ path: name, value: array ? texts : (texts[0] ?? '') })
  }
  for (const key of unknown) {
    problems.push({ loc: ['body', key], msg: 'Extra inputs are not permitted', type: 'extra_forbidden' })
  }
  if (problems.length > 0) return { problems }
  return { shown, given: { values: Object.fromEntries(values), remote } }
}

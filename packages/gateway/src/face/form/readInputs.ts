import { type Draft, InputError, type Problem, type Submission, type Workflow } from '../../engine.ts'
import { missing } from '../answers.ts'
import { groupEntries } from './groupEntries.ts'
import { readValue } from './readValue.ts'

/** Checks a form against the workflow's inputs and decodes it; an error that lists everything that is wrong with it. */
export async function readInputs(
  workflow: Workflow,
  form: FormData,
  draft: Draft,
): Promise<Pick<Submission, 'values' | 'shown'>> {
  const problems: Problem[] = []
  const { entries, unknown } = groupEntries(workflow, form)
  const shown: Submission['shown'][number][] = []
  const values: [string, Submission['values'][string]][] = []

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
    const read = await Promise.all(given.map(({ value }) => readValue(kind, name, value, draft)))
    read.forEach((item, index) => {
      if ('problem' in item) problems.push({ loc: ['body', given[index]!.key], ...item.problem })
    })
    const good = read.flatMap((item) => ('value' in item ? [item] : []))
    const decoded = good.map(({ value }) => value)
    const texts = good.map((item) => item.shown)
    if (array) values.push([name, decoded])
    else if (decoded[0] !== undefined) values.push([name, decoded[0]])
    shown.push({ path: name, value: array ? texts : (texts[0] ?? '') })
  }
  for (const key of unknown) {
    problems.push({ loc: ['body', key], msg: 'Extra inputs are not permitted', type: 'extra_forbidden' })
  }
  if (problems.length > 0) throw new InputError(problems)
  return { shown, values: Object.fromEntries(values) }
}

import type { InputItem, Inputs, Workflow } from '@flowscale/client'
import { type CommandError, usageError } from '../errors.ts'
import { type InputSpec, readSpecs, suggest } from '../workflow.ts'
import { readItem } from './readItem.ts'
import type { Given, Problem, Sources } from './types.ts'

const unknown: InputSpec = { kind: 'unknown', required: null }

/**
 * The inputs of a run, each of the kind that the workflow wants. Files are looked at, and opened when they are sent.
 *
 * @param workflow `undefined`: its inputs are not known, and all are sent as they were written.
 * @throws a `CommandError` that names all that is wrong; its field `problems` has them one by one
 */
export async function toInputs(
  workflow: Workflow | undefined,
  given: ReadonlyMap<string, readonly Given[]>,
  sources: Sources = {},
): Promise<Inputs> {
  const specs = workflow && readSpecs(workflow)
  const problems: Problem[] = []
  const inputs: [string, InputItem | InputItem[]][] = []
  for (const [input, all] of given) {
    const spec = specs ? specs.get(input) : unknown
    if (!spec) {
      problems.push({ input, message: notKnown(input, [...specs!.keys()]) })
      continue
    }
    const values = all.flatMap(spread)
    const isList = values.length !== 1 || all.some((one) => 'json' in one && Array.isArray(one.json))
    if (isList && spec.required !== null && !spec.array) {
      problems.push({ input, message: 'takes one value, not several' })
      continue
    }
    const items: InputItem[] = []
    // One after the other: each may ask for stdin.
    for (const value of values) {
      const item = await readItem(input, value, spec, sources)
      // Of JSON an object is a text by now: no item has a field `wrong` of its own.
      const { wrong } = Object(item) as { wrong?: string }
      if (wrong !== undefined) problems.push({ input, message: wrong })
      else items.push(item as InputItem)
    }
    if (values.length) inputs.push([input, isList ? items : items[0]!])
  }
  const sent = new Set([...inputs.map(([name]) => name), ...problems.map(({ input }) => input)])
  for (const [input, { required }] of specs ?? []) {
    if (required && !sent.has(input)) problems.push({ input, message: 'is missing' })
  }
  if (problems.length) throw inputsError(problems)
  return Object.fromEntries(inputs)
}

/** The items of a list, each a value of its own. */
function spread(given: Given): Given[] {
  if (!('json' in given) || !Array.isArray(given.json)) return [given]
  return given.json.map((json) => ({ json, folder: given.folder }))
}

function notKnown(input: string, known: readonly string[]): string {
  if (!known.length) return 'is no input: this workflow takes none'
  return `is no input of this workflow.${suggest(input, known)} It takes ${known.join(', ')}`
}

function inputsError(problems: readonly Problem[]): CommandError {
  const missing = problems.filter(({ message }) => message === 'is missing').map(({ input }) => input)
  const lines = problems
    .filter(({ message }) => message !== 'is missing')
    .map(({ input, message }) => `${input} ${message}`)
  if (missing.length === 1) lines.push(`The input ${missing[0]} is missing`)
  if (missing.length > 1) lines.push(`These inputs are missing: ${missing.join(', ')}`)
  const text = lines.map((line) => (/[.?]$/.test(line) ? line : `${line}.`))
  const message =
    text.length === 1 ? text[0]! : `The inputs are wrong:\n${text.map((line) => `  ${line}`).join('\n')}`
  return usageError(message, { problems })
}

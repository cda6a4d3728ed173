import type { InputItem, Inputs, Workflow } from '@flowscale/client'
import { type CommandError, usageError } from '../errors.ts'
import type { ReadStdin } from '../files.ts'
import type { Printer } from '../terminal/printer.ts'
import { type InputSpec, readSpecs, suggest } from '../workflow.ts'
import type { Given } from './readGiven.ts'
import { readItem } from './readItem.ts'

/** What is wrong with an input. */
export interface Problem {
  readonly input: string
  readonly message: string
}

/** Any input of a workflow that the server does not list. */
const unknown: InputSpec = { kind: 'unknown', required: null }
const missingMessage = 'is missing'

/**
 * The inputs of a run, each of the kind that the workflow wants, and all that is wrong with them. Files are looked at, and
 * opened when they are sent.
 *
 * @param workflow `undefined`: its inputs are not known, and all are sent as they were written.
 * @param readStdin left out: `-` is refused
 */
export async function toInputs(
  workflow: Workflow | undefined,
  given: ReadonlyMap<string, readonly Given[]>,
  readStdin?: ReadStdin,
): Promise<{ inputs: Inputs; problems: Problem[] }> {
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
      const item = await readItem(input, value, spec, readStdin)
      // Objects of JSON were turned into texts, so only a refusal has a field `wrong`.
      const { wrong } = Object(item) as { wrong?: string }
      if (wrong !== undefined) problems.push({ input, message: wrong })
      else items.push(item as InputItem)
    }
    if (values.length) inputs.push([input, isList ? items : items[0]!])
  }
  const seen = new Set([...inputs.map(([name]) => name), ...problems.map(({ input }) => input)])
  for (const [input, { required }] of specs ?? []) {
    if (required && !seen.has(input)) problems.push({ input, message: missingMessage })
  }
  return { inputs: Object.fromEntries(inputs), problems }
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

/** The error for wrong inputs. If there are several, people get a line for each before the error. */
export function inputsError(
  problems: readonly Problem[],
  { isJson, note }: Pick<Printer, 'isJson' | 'note'>,
): CommandError {
  if (isJson || problems.length === 1) return usageError(textOf(problems), { problems })
  for (const { input, message } of problems) note(`  ${input} ${message}`)
  return usageError(`${problems.length} inputs are wrong.`, { problems })
}

function textOf(problems: readonly Problem[]): string {
  const missing = problems.filter(({ message }) => message === missingMessage).map(({ input }) => input)
  const lines = problems
    .filter(({ message }) => message !== missingMessage)
    .map(({ input, message }) => `${input} ${message}`)
  if (missing.length === 1) lines.push(`The input ${missing[0]} is missing`)
  if (missing.length > 1) lines.push(`These inputs are missing: ${missing.join(', ')}`)
  const sentences = lines.map((line) => (/[.?]$/.test(line) ? line : `${line}.`))
  if (sentences.length === 1) return sentences[0]!
  return `The inputs are wrong:\n${sentences.map((line) => `  ${line}`).join('\n')}`
}

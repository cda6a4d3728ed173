import { asTyped, commandName } from './commandName.ts'
import { flagsOf } from './flags.ts'
import { verbs } from './program.ts'
import type { VerbEntry } from './types.ts'

const indent = (lines: readonly string[]): string => lines.map((line) => `  ${line}`).join('\n')

/** Two columns. */
function columns(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length))
  return indent(rows.map(([left, right]) => `${left.padEnd(width)}  ${right}`))
}

/** In lines of 80 columns. */
const wrap = (text: string): string => text.replace(/(?=.{81})(.{1,80}) /g, '$1\n')

/** The help of the whole, on one screen of 80 columns. */
export const helpOfAll = (): string => `Run ComfyUI workflows on FlowScale.

Usage: ${commandName} VERB [arguments] [flags]

${columns([...verbs.map(({ name, summary }) => [name, summary] as const), ['help', 'show this help, or the help of a verb']])}

The address and the key come from --url and --api-key, or from FLOWSCALE_API_URL
and FLOWSCALE_API_KEY, or from .env in this folder. Every verb takes --json.
Exit codes: 0 done, 1 failed, 2 wrong call, 3 try again, 4 not found,
  5 not authorised, 6 may have been submitted, 124 timed out, 130 interrupted.
`

/** The help of a verb: at most 24 lines of 80 columns. */
export function helpOfVerb(entry: VerbEntry): string {
  const { name, summary, args, details, examples } = entry
  const usage = [commandName, name, args, '[flags]'].filter(Boolean).join(' ')
  const sentence = summary[0]!.toUpperCase() + summary.slice(1)
  const flags = [
    ...flagsOf(entry).map(({ form, about }) => [form, about] as const),
    ['-h, --help', 'show this help'] as const,
  ].map(([form, about]) => [form.startsWith('--') ? `    ${form}` : form, about] as const)
  return `${sentence}.

Usage: ${usage}
${details ? `\n${wrap(asTyped(details))}\n` : ''}
Flags:
${columns(flags)}

Examples:
${indent(examples.map(asTyped))}
`
}

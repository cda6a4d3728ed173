import { usageError } from './errors.ts'
import type { Flag, VerbEntry } from './types.ts'

/** What every verb takes. */
export const sharedFlags: readonly Flag[] = [
  { form: '--url <url>', about: 'the address; default: FLOWSCALE_API_URL' },
  { form: '--api-key <key>', about: 'the key; default: FLOWSCALE_API_KEY' },
  { form: '--json', about: 'print JSON, for programs' },
]

/** The flags of a verb, with those that every verb takes. */
export const flagsOf = ({ flags = [], isLocal }: VerbEntry): Flag[] => [
  ...flags,
  ...(isLocal ? sharedFlags.slice(-1) : sharedFlags),
]

/** As it is written: `-o`, `--output`. */
export const namesOf = ({ form }: Flag): string[] => form.match(/--?[a-z-]+/g) ?? []

/** Whether a value follows it. */
export const takesValue = ({ form }: Flag): boolean => form.includes('<')

/** Gives the value of a flag; an error where it is left out: the next flag was taken for it, or a variable was empty. */
export function checkFlag(form: string, flags: readonly Flag[]): (value: string) => string {
  const isFlag = new Set(flags.flatMap(namesOf))
  return (value) => {
    const [name] = namesOf({ form, about: '' }).slice(-1)
    if (value === '') throw usageError(`The value of ${name} is empty.`)
    if (isFlag.has(value)) throw usageError(`${name} needs a value: ${form}.`)
    return value
  }
}

import { bashCompletion } from '../bashCompletion.ts'
import { usageError } from '../errors.ts'
import type { Verb, VerbEntry } from '../types.ts'

export const completionOf =
  (verbs: readonly VerbEntry[]): Verb =>
  async ({ args: [shell], output }) => {
    if (shell !== 'bash') throw usageError(`There is no completion for "${shell}", only for bash.`)
    const script = bashCompletion(verbs)
    output.result({ shell, script }, script)
  }

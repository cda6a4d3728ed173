import type { ReadStdin } from '../files.ts'

/** A value of an input as it was given. */
export type Given = ({ readonly text: string } | { readonly json: unknown }) & {
  /** Where a relative `@path` begins. */
  readonly folder: string
}
// `text` is that of a command line: `@path` and `-` may stand for a text, too. `json` is a value of a file: what
// stands for a text there is the text itself, so that a file of prompts never reads other files by accident.

/** What is wrong with an input. */
export interface Problem {
  readonly input: string
  readonly message: string
}

/** Where values come from besides the command line. */
export interface Sources {
  /** Reads stdin to its end, for an input of that name. Left out: `-` is refused. */
  readonly stdin?: ReadStdin | undefined
}

import type { Life, Ui } from '../types.ts'

/** What a node does its work with. */
export interface Work {
  readonly life: Life
  /** Waits, in the time of the server. */
  sleep(seconds: number): Promise<void>
  /** Reports progress. Here an interrupt is noticed. */
  progress(value: number, max: number, preview?: () => Uint8Array): void
}

interface Performed {
  result?: unknown[]
  ui?: Ui
}

/** An input as /object_info shows it: `[type]` or `[type, options]`. */
export type Spec = readonly [type: unknown, options?: Readonly<Record<string, any>>]
type Specs = Readonly<Record<string, Spec>>

export interface Inputs {
  readonly required?: Specs
  readonly optional?: Specs
  readonly hidden?: Readonly<Record<string, unknown>>
}

/** A node class. What has no value here has the value that most have. */
export interface NodeClass {
  readonly inputs: (life: Life) => Inputs
  readonly output?: readonly string[]
  readonly outputNames?: readonly string[]
  readonly isOutput?: boolean
  /** Its name, where nothing is said. */
  readonly displayName?: string | ((life: Life) => string)
  readonly description?: string
  readonly module: string
  readonly category: string
  /** Of the newer kind of class. */
  readonly isV3?: (life: Life) => boolean
  /** Inputs that the class checks itself, instead of the checks of range and list. */
  readonly checks?: readonly string[]
  /** The complaint about an input, if there is one. */
  readonly validate?: (inputs: Record<string, any>, life: Life) => string | undefined
  /** A part of the key of the cache. */
  readonly changed?: (inputs: Record<string, any>, life: Life) => unknown
  readonly run: (inputs: Record<string, any>, work: Work) => Promise<Performed> | Performed
}

/** A picture, or the frames of a film. */
export interface Image {
  readonly width: number
  readonly height: number
  /** RGB, eight bits each. */
  readonly frames: readonly Uint8Array[]
}

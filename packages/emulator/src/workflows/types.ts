import type { InputRole, Kind, Scalar } from '@flowscale/gateway/http'

/** An input of a workflow. */
export interface InputDefinition {
  kind: Kind
  /** Default: true, and false with `default` or `seed` */
  required?: boolean | undefined
  /** Takes several values: the same key repeated, or `name_0`, `name_1`. Default: false */
  array?: boolean | undefined
  /** The value of an input that is not sent. Not for files and arrays */
  default?: Scalar | undefined
  /** The least number allowed. */
  min?: number | undefined
  /** The largest number allowed. */
  max?: number | undefined
  /** Takes whole numbers only. Default: false */
  integer?: boolean | undefined
  /** The allowed values. */
  options?: readonly Scalar[] | undefined
  /** For people who read the list of workflows. */
  description?: string | undefined
  /** Its purpose, for programs that don't know the workflow. Default: its name, if that is a role */
  role?: InputRole | undefined
  /** Other names under which a caller may send it. No list shows them. */
  aliases?: readonly string[] | undefined
  /** A random whole number if none is sent; the inputs of the run show it. Default: false */
  seed?: boolean | undefined
}

/** A file that was uploaded. */
export interface InputFile {
  name: string
  type: string
  data: Uint8Array
}

/** An input as a workflow gets it. */
export type InputValue = string | number | boolean | InputFile

/** Optional inputs that were not sent are absent. Inputs with `array: true` are arrays. */
export type WorkflowInputs = Record<string, InputValue | InputValue[] | undefined>

/** A file that a workflow makes; `type` is its MIME type. */
export interface OutputFile {
  data: Uint8Array
  type: string
}

/** A file by the name of each output, or several as a list. */
export type WorkflowOutputs = Record<string, OutputFile | readonly OutputFile[]>

/** The second argument of a workflow's `run`. */
export interface RunContext {
  readonly runId: string
  /** A number from 0 up to 1, seeded for each run. */
  random(): number
  /** Aborted when the run is cancelled. */
  readonly signal: AbortSignal
  /** Waits `ms` divided by the emulator's speed; rejects when the run is cancelled. */
  sleep(ms: number): Promise<void>
  /** Reports the progress of the run, from 0 to 1. */
  progress(fraction: number): void
  /**
   * Shows a JPEG, PNG or WebP of the result so far. At most two a second are passed on, the newest ones. Undefined unless
   * the run was submitted with `previews=1`: other runs need no pictures.
   *
   * @throws `TypeError` for anything else, and for more than 204,800 bytes. It fails the run, unless you catch it
   *
   * @example
   * ```ts
   * const run: WorkflowDefinition['run'] = async ({ picture }, context) => {
   *   const { data, type } = picture as InputFile
   *   context.preview?.({ data, type })
   *   await context.sleep(1000)
   *   return { copy: { data, type } }
   * }
   * ```
   */
  readonly preview?: ((picture: OutputFile) => void) | undefined
}

/** A workflow of your own. */
export interface WorkflowDefinition {
  id: string
  name: string
  description: string
  /** A kind alone means a required input with one value. */
  inputs: Record<string, Kind | InputDefinition>
  outputs: Record<string, Kind>
  /** The name of each file begins with the name of its output, as with the gateway. Default: false */
  namesFiles?: boolean | undefined
  /** Makes the outputs. If it throws, the run fails with the error's message. */
  run(inputs: WorkflowInputs, context: RunContext): Promise<WorkflowOutputs> | WorkflowOutputs
}

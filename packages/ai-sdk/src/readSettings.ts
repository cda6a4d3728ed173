import { ArgumentError } from '@flowscale/client'
import type { InputNames } from './inputs.ts'
import { refuse } from './refuse.ts'
import { toSdkError } from './toSdkError.ts'
import type { ModelSettings } from './types.ts'

export interface Settings {
  readonly workflowId: string
  /** The options that a map may name. */
  readonly options: readonly string[]
  /** The map that was given. */
  readonly names: InputNames | undefined
  readonly settings: ModelSettings & { readonly timeoutMs: number }
}

const waits = [
  'arrays',
  'cancelOn',
  'concurrency',
  'groupId',
  'maxRequestsPerSecond',
  'onProgress',
  'onSubmitted',
  'pollIntervalMs',
  'push',
  'timeoutMs',
] as const satisfies (keyof ModelSettings)[]

/** Reads what a model is made of. The settings of the wait are checked by the client, before anything is submitted. */
export function readSettings(
  workflow: unknown,
  given: object & { map?: unknown } = {},
  { options, timeoutMs }: { options: readonly string[]; timeoutMs: number },
): Settings {
  const workflowId = typeof workflow === 'string' ? workflow : Object(workflow).id
  if (typeof workflowId !== 'string' || !workflowId) {
    throw toSdkError(new ArgumentError('workflow must be the id of a workflow, or made by defineWorkflow'))
  }
  refuse('settings', given, ['map', ...waits])
  const { map, ...rest } = given
  // An `undefined` among them is not to take the place of a default.
  const settings = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined))
  if (map !== undefined) checkMap(map, options)
  return {
    workflowId,
    options,
    names: map as InputNames | undefined,
    settings: { cancelOn: 'abort', timeoutMs, ...settings },
  }
}

function checkMap(map: unknown, options: readonly string[]): void {
  refuse('map', map, options)
  for (const [option, names] of Object.entries(map as object)) {
    const isList = Array.isArray(names) && (option === 'image' || option === 'references')
    const all: unknown[] = isList ? names : [names]
    if (names !== undefined && (!all.length || all.some((name) => typeof name !== 'string' || !name))) {
      throw toSdkError(new ArgumentError(`map.${option} must be the name of an input of the workflow`))
    }
  }
}

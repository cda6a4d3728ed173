import { ArgumentError } from '@flowscale/client'
import { refuse, toSdkError } from './errors.ts'
import type { ModelSettings } from './types.ts'

/** Input names by option. */
export type InputMap = Readonly<Record<string, string | readonly string[] | undefined>>

/** The parts that a model is made from. */
export interface ModelConfig {
  readonly workflowId: string
  /** The options that a map may name. */
  readonly options: readonly string[]
  /** `undefined`: the server's list of workflows decides. */
  readonly map: InputMap | undefined
  readonly wait: ModelSettings & { readonly timeoutMs: number }
}

const waitOptions = [
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

/** Reads the arguments of a model. The client checks the values of the wait options, before it submits anything. */
export function readSettings(
  workflow: unknown,
  settings: object & { map?: unknown } = {},
  { options, timeoutMs }: { options: readonly string[]; timeoutMs: number },
): ModelConfig {
  const workflowId = typeof workflow === 'string' ? workflow : Object(workflow).id
  if (typeof workflowId !== 'string' || !workflowId) {
    throw toSdkError(new ArgumentError('workflow must be the id of a workflow, or made by defineWorkflow'))
  }
  refuse('settings', settings, ['map', ...waitOptions])
  const { map, ...given } = settings
  if (map !== undefined) checkMap(map, options)
  return {
    workflowId,
    options,
    map: map as InputMap | undefined,
    // An option that is `undefined` keeps its default.
    wait: { cancelOn: 'abort', timeoutMs, ...withoutUndefined(given) },
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

/** The entries of an object that are set. */
export function withoutUndefined<T>(object: Readonly<Record<string, T | undefined>>): Record<string, T> {
  const isSet = (entry: [string, T | undefined]): entry is [string, T] => entry[1] !== undefined
  return Object.fromEntries(Object.entries(object).filter(isSet))
}

import {
  ArgumentError,
  type Client,
  getWorkflows,
  type InputItem,
  type Inputs,
  parseWorkflow,
} from '@flowscale/client'
import { refuse, toCallError } from './errors.ts'
import { type InputMap, type ModelConfig, withoutUndefined } from './readSettings.ts'
import type { CallFile, FlowscaleProviderOptions, ModelCall, Warning } from './types.ts'

/** The values of a call by option. The options have the names that a map has for them. A list holds files. */
export type Values = Readonly<Record<string, InputItem | readonly InputItem[] | undefined>>

/** The runs of a call, before any of them is submitted. */
export interface Plan {
  readonly inputsList: Inputs[]
  /** A seed for each run; `null` if it is unknown. */
  readonly seeds: (number | null)[]
  readonly warnings: Warning[]
}

/** The inputs that take the options. */
interface Mapping {
  readonly map: InputMap
  /** All inputs of the workflow, if the server has listed them. */
  readonly listed?: readonly string[]
}

/** Returns a function that plans the runs of a call. If a plan fails, nothing has been submitted. */
export function createPlanner(
  client: Client,
  config: ModelConfig,
): (call: ModelCall, toValues: (map: InputMap) => Values) => Promise<Plan> {
  let mapping: Mapping | undefined = config.map && { map: config.map }
  return async (call, toValues) => {
    try {
      mapping ??= await readMapping(client, config, call)
      return planRuns(call, toValues(mapping.map), mapping)
    } catch (error) {
      throw toCallError(client, config.workflowId, [{ error }], { submits: false })
    }
  }
}

/** Reads the workflow from the server, for a model without a map: each option goes to the input with its name. */
async function readMapping(
  client: Client,
  { workflowId, options }: ModelConfig,
  { abortSignal: signal, headers }: ModelCall,
): Promise<Mapping> {
  const { data } = await getWorkflows(client, { signal, headers: headersOf(headers) })
  const workflow = data.find(({ id }) => id === workflowId)
  if (!workflow) {
    throw new ArgumentError(
      `The server lists no workflow "${workflowId}": check the id, or give the model a map`,
    )
  }
  const listed = Object.keys(parseWorkflow(workflow).inputs)
  const names = listed.filter((name) => options.includes(name))
  return { map: Object.fromEntries(names.map((name) => [name, name])), listed }
}

/** The inputs of each run of a call. The runs differ in their seeds only. */
function planRuns({ n, seed, providerOptions }: ModelCall, values: Values, mapping: Mapping): Plan {
  if (!Number.isSafeInteger(n) || n < 1) throw new ArgumentError('n must be a whole number from 1')
  const seedName = mapping.map.seed as string | undefined
  const { inputs, warnings } = fillInputs(seedName ? values : { ...values, seed }, mapping)
  const further = readProviderOptions(providerOptions)
  const fixed = seedName && further[seedName]
  if (seedName && fixed === undefined) {
    const seeds = drawSeeds(seed, n)
    const inputsList = seeds.map((seed) => ({ ...inputs, [seedName]: seed, ...further }))
    return { inputsList, seeds, warnings }
  }
  const why = seedName ? `inputs.${seedName} is one seed for all` : 'name the input for the seed in map.seed'
  const alike: Warning = { type: 'other', message: `The results may be equal: ${why}` }
  return {
    inputsList: Array.from({ length: n }, () => ({ ...inputs, ...further })),
    seeds: Array.from({ length: n }, () => (typeof fixed === 'number' ? fixed : null)),
    warnings: n > 1 ? [...warnings, alike] : warnings,
  }
}

/** Without an input for one of these options, a call fails: its result would be paid for, and useless. */
const essential: readonly string[] = ['prompt', 'image']

/** The AI SDK's names of options that have other names in a map. */
const features: Readonly<Record<string, string>> = {
  lastFrame: 'frameImages',
  references: 'inputReferences',
}

/** Gives each value to its input, and returns a warning for each option without an input. */
function fillInputs(
  values: Values,
  { map, listed }: Mapping,
): { inputs: Record<string, InputItem | readonly InputItem[]>; warnings: Warning[] } {
  const inputs: Record<string, InputItem | readonly InputItem[]> = {}
  const warnings: Warning[] = []
  for (const [option, value] of Object.entries(values)) {
    const items = [value].flat().filter((item) => item !== undefined)
    const [first] = items
    const name = map[option]
    if (first === undefined) continue
    if (name === undefined) {
      const details = adviceOn(option, listed)
      if (essential.includes(option)) throw new ArgumentError(`${option} can't be used: ${details}`)
      warnings.push({ type: 'unsupported', feature: features[option] ?? option, details })
    } else if (typeof name === 'string') {
      inputs[name] = items.length > 1 ? items : first
    } else {
      if (items.length > name.length) {
        throw new ArgumentError(`map.${option} names ${name.length} inputs, for ${items.length} files`)
      }
      items.forEach((item, index) => {
        inputs[name[index]!] = item
      })
    }
  }
  return { inputs, warnings }
}

/** Advice on an option without an input. */
function adviceOn(option: string, listed: readonly string[] | undefined): string {
  if (listed && listed.length === 0) return 'the workflow has no inputs, so leave it out'
  const isSize = option === 'size' || option === 'resolution'
  const where = isSize ? `map.width and map.height, or in map.${option}` : `map.${option}`
  return `name its input in ${where}${listed ? `. The workflow has ${listed.join(', ')}` : ''}`
}

/** The inputs that a call sets by their names, in `providerOptions`. */
function readProviderOptions(providerOptions: Readonly<Record<string, unknown>> = {}): Inputs {
  const { flowscale = {} } = providerOptions
  refuse('providerOptions.flowscale', flowscale, ['inputs'])
  const { inputs = {} } = flowscale as FlowscaleProviderOptions
  if (typeof inputs !== 'object' || inputs === null || Array.isArray(inputs)) {
    throw new ArgumentError('providerOptions.flowscale.inputs must be an object of inputs by name')
  }
  // An input that is `undefined` doesn't override the map.
  return withoutUndefined(inputs as Inputs)
}

/** Seeds that count up from a given or a random one: runs with equal seeds make equal files, which servers cache. */
function drawSeeds(seed: number = Math.floor(Math.random() * 2 ** 32), n: number): number[] {
  if (!Number.isSafeInteger(seed) || !Number.isSafeInteger(seed + (n - 1))) {
    throw new ArgumentError('seed must be a whole number up to 2 ** 53 - n')
  }
  return Array.from({ length: n }, (_, index) => seed + index)
}

/** A size such as `1024x768` in the form that the workflow takes: a text, two numbers, or both. */
export function sizeValues(option: 'size' | 'resolution', size: string | undefined, map: InputMap): Values {
  if (size === undefined) return {}
  const hasSides = map.width !== undefined && map.height !== undefined
  if (hasSides && !/^\d+x\d+$/.test(size)) {
    throw new ArgumentError(`${option} must be a width and a height, such as 1024x768`)
  }
  const [width, height] = size.split('x').map(Number)
  return {
    ...((map[option] !== undefined || !hasSides) && { [option]: size }),
    ...(hasSides && { width, height }),
  }
}

/** A file of a call as an input. An address stays an address, which the server fetches. */
export function toInput(file: CallFile): string | Blob {
  if (file.type === 'url') return file.url
  const { mediaType, data } = file
  const bytes = typeof data === 'string' ? decodeBase64(data) : data
  // The Blob needs no name, because the client adds one.
  return new Blob([bytes as Uint8Array<ArrayBuffer>], { type: mediaType })
}

/** Accepts both alphabets of base64, the one for URLs included. */
function decodeBase64(data: string): Uint8Array<ArrayBuffer> {
  const text = atob(data.replaceAll('-', '+').replaceAll('_', '/'))
  return Uint8Array.from(text, (character) => character.charCodeAt(0))
}

/** The headers of a call that are set: the client refuses `undefined`. */
export const headersOf = (headers: ModelCall['headers'] = {}): Record<string, string> =>
  withoutUndefined(headers)

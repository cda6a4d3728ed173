import { ArgumentError, type Inputs } from '@flowscale/client'
import { refuse } from '../refuse.ts'
import type { FlowscaleProviderOptions } from '../types.ts'

/** The inputs that a call gives by name. */
export function readProviderOptions(providerOptions: Readonly<Record<string, unknown>> = {}): Inputs {
  const { flowscale = {} } = providerOptions
  refuse('providerOptions.flowscale', flowscale, ['inputs'])
  const { inputs = {} } = flowscale as FlowscaleProviderOptions
  if (typeof inputs !== 'object' || inputs === null || Array.isArray(inputs)) {
    throw new ArgumentError('providerOptions.flowscale.inputs must be an object of inputs by name')
  }
  // One that is undefined is as one left out, and takes no other's place.
  return Object.fromEntries(Object.entries(inputs as Inputs).filter(([, value]) => value !== undefined))
}

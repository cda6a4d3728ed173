import type { Report } from '../engine.ts'

/** The inputs and outputs of a workflow on a line: `(prompt: string, seed?: number) → image: image`. */
export function signatureOf({
  inputs,
  outputs,
}: Pick<Report['workflows'][number], 'inputs' | 'outputs'>): string {
  const taken = Object.entries(inputs).map(([name, { kind, required }]) => {
    return `${name}${required ? '' : '?'}: ${kind}`
  })
  const given = Object.entries(outputs).map(([name, kind]) => `${name}: ${kind}`)
  return `(${taken.join(', ')}) → ${given.join(', ')}`
}

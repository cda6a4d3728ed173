import type { Input, Workflow } from '../../engine.ts'

export interface FoundInput {
  readonly name: string
  readonly input: Input
  /** The place in the numbered form; -1 where the key is the name itself. */
  readonly index: number
}

/** The input that a key of the form is for. Arrays come as the repeated key, as `name_0`, `name_1`, or both. */
export function findInput({ inputs }: Workflow, key: string): FoundInput | undefined {
  const own = inputs.get(key)
  if (own) return { name: key, input: own, index: -1 }
  const [, name = '', digits] = /^(.+)_(\d+)$/s.exec(key) ?? []
  const input = inputs.get(name)
  return input?.array ? { name, input, index: Number(digits) } : undefined
}

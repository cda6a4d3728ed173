import { ArgumentError, type InputItem } from '@flowscale/client'
import type { Warning } from './types.ts'

/** Input names by option. */
export type InputNames = Readonly<Record<string, string | readonly string[] | undefined>>

/** Which inputs a workflow has for options. */
export interface InputMap {
  readonly names: InputNames
  /** All inputs of the workflow, where the server listed them. */
  readonly listed?: readonly string[]
}

/** Options of a call by their names in a map; a list is of files. */
export type Values = Readonly<Record<string, InputItem | readonly InputItem[] | undefined>>

/** If a call has one of these options and the workflow has no input for it, the call fails before anything is paid for. */
const essential: readonly string[] = ['prompt', 'image']
/** Options that the AI SDK names otherwise. */
const features: Readonly<Record<string, string>> = {
  lastFrame: 'frameImages',
  references: 'inputReferences',
}

/** Gives each option to its input. An option without an input is a warning; a prompt or an image without one is an error. */
export function fillInputs(
  values: Values,
  { names, listed }: InputMap,
): { inputs: Record<string, InputItem | readonly InputItem[]>; warnings: Warning[] } {
  const inputs: Record<string, InputItem | readonly InputItem[]> = {}
  const warnings: Warning[] = []
  for (const [option, value] of Object.entries(values)) {
    const items = [value].flat().filter((item) => item !== undefined)
    const [first] = items
    const name = names[option]
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

/** What to do about an option without an input. */
function adviceOn(option: string, listed: readonly string[] | undefined): string {
  if (listed && listed.length === 0) return 'the workflow has no inputs, so leave it out'
  const isSize = option === 'size' || option === 'resolution'
  const where = isSize ? `map.width and map.height, or in map.${option}` : `map.${option}`
  return `name its input in ${where}${listed ? `. The workflow has ${listed.join(', ')}` : ''}`
}

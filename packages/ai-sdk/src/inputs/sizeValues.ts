import { ArgumentError } from '@flowscale/client'
import type { InputNames, Values } from '../inputs.ts'

/** A size such as `1024x768` as the workflow takes it: as a text, as two numbers, or both. */
export function sizeValues(
  option: 'size' | 'resolution',
  size: string | undefined,
  names: InputNames,
): Values {
  if (size === undefined) return {}
  const hasSides = names.width !== undefined && names.height !== undefined
  if (hasSides && !/^\d+x\d+$/.test(size)) {
    throw new ArgumentError(`${option} must be a width and a height, such as 1024x768`)
  }
  const [width, height] = size.split('x').map(Number)
  return {
    ...((names[option] !== undefined || !hasSides) && { [option]: size }),
    ...(hasSides && { width, height }),
  }
}

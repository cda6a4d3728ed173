import { isObject } from './isObject.ts'
import type { ClassInfo } from './types.ts'

/**
 * What the server says of each field. Newer servers have choices that bring fields of their own, such as `format.codec`:
 * those of the choice that the graph has made are fields, too.
 */
export function specsOf(
  input: ClassInfo['input'],
  values: Readonly<Record<string, unknown>>,
  prefix = '',
): [name: string, spec: unknown][] {
  return Object.entries({ ...input?.required, ...input?.optional }).flatMap(([bare, spec]) => {
    const name = prefix + bare
    const [type, about] = Array.isArray(spec) ? spec : []
    if (type !== 'COMFY_DYNAMICCOMBO_V3' || !Array.isArray(about?.options)) return [[name, spec]]
    const choices: Record<string, unknown>[] = about.options.filter(isObject)
    const options = choices.map(({ key }) => key)
    const { inputs = {} } = choices.find(({ key }) => key === values[name]) ?? {}
    return [
      [name, ['COMBO', { ...about, options }]],
      ...specsOf(inputs as ClassInfo['input'], values, `${name}.`),
    ]
  })
}

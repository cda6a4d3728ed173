import type { Life } from '../types.ts'
import { core } from './core.ts'
import { coreV3 } from './coreV3.ts'
import { flowscale } from './flowscale.ts'
import { flowscaleFilms } from './flowscaleFilms.ts'
import { tests } from './tests.ts'
import type { NodeClass } from './types.ts'

/** All classes that this server has, by name. */
export const classes: ReadonlyMap<string, NodeClass> = new Map(
  Object.entries({ ...core, ...coreV3, ...flowscale, ...flowscaleFilms, ...tests }),
)

/** What /object_info shows of a class. */
export function describe(name: string, held: NodeClass, life: Life): Record<string, unknown> {
  const { output = [], outputNames = output, displayName, description = '', module, category } = held
  const input = held.inputs(life)
  const isV3 = held.isV3?.(life) ?? false
  const shownName = typeof displayName === 'function' ? displayName(life) : displayName
  return {
    input,
    input_order: Object.fromEntries(Object.entries(input).map(([group, held]) => [group, Object.keys(held)])),
    output,
    output_is_list: output.map(() => false),
    output_name: outputNames,
    ...(isV3 && {
      output_tooltips: output.map(() => null),
      ...(life.version.newerNodes && { output_matchtypes: null }),
    }),
    name,
    display_name: shownName ?? name,
    description,
    python_module: module,
    category,
    output_node: held.isOutput ?? false,
    ...(isV3 && { deprecated: false, experimental: false, api_node: false }),
  }
}

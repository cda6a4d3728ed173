import { type Context, json, type Reply } from '../http.ts'
import type { Life } from '../types.ts'
import { core } from './core.ts'
import { flowscale } from './flowscale.ts'
import { tests } from './tests.ts'
import type { NodeClass } from './types.ts'

/** All classes that this server has, by name. */
export const classes: ReadonlyMap<string, NodeClass> = new Map(
  Object.entries({ ...core, ...flowscale, ...tests }),
)

/** What /object_info shows of a class. */
function describe(name: string, held: NodeClass, life: Life): Record<string, unknown> {
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
    ...(life.partners.includes(name) && { api_node: true }),
  }
}

export const getObjectInfo = ({ life }: Context): Reply =>
  json(
    Object.fromEntries(
      [...classes]
        .filter(([name]) => !life.without.includes(name))
        .map(([name, held]) => [name, describe(name, held, life)]),
    ),
  )

/** An unknown class is no error. */
export function getClass({ life, params: [name = ''] }: Context): Reply {
  const held = life.without.includes(name) ? undefined : classes.get(name)
  return json(held ? { [name]: describe(name, held, life) } : {})
}

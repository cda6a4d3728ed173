import type { Context } from '../http/context.ts'
import { json, type Reply } from '../http/replies.ts'
import { classes, describe } from '../nodes/classes.ts'

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

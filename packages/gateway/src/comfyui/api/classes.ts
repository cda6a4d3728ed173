// Reads ComfyUI's facts about node classes. A reader asks for each class once.
import { isObject } from '../../options.ts'
import { within } from '../../runtime.ts'
import { type ClassInfo, listOf, specOf } from '../workflows/types.ts'
import { type ComfyClient, NoAnswer, parseJson } from './client.ts'

/** Gives the server's facts about a class, `undefined` if it lacks the class. */
export type ReadClass = (type: string) => Promise<ClassInfo | undefined>

/** Since 0.14. */
export const REPLACEMENTS = '/api/node_replacements'
/** After this time, a class may have new choices, such as a model. */
const FRESH_MS = 3_000
/** The longest wait for a busy server, since earlier facts will do. */
const PATIENCE_MS = 500

type Asked = Pick<ComfyClient, 'read' | 'send' | 'isAway'> & { hasKey(): boolean | Promise<boolean> }

/**
 * Makes a reader that asks for each class once, for a short piece of work. It uses the facts of earlier readers for three
 * seconds, and while the server does not answer. Facts that have not changed are the same object.
 */
export function createClasses(client: Asked): () => ReadClass {
  const known = new Map<string, { readonly info: ClassInfo; readonly text: string; at: number }>()

  async function askFor(type: string): Promise<ClassInfo | undefined> {
    return entryOf(await client.read(`/object_info/${encodeURIComponent(type)}`), type)
  }

  /** ComfyUI replaces nodes of classes that it no longer has. Gives the new class, with the inputs that the old one had. */
  async function askForNew(type: string): Promise<ClassInfo | undefined> {
    const { status, text } = await client.send(REPLACEMENTS)
    const table = status === 200 ? parseJson(text) : undefined
    const [first] = isObject(table) && Object.hasOwn(table, type) ? listOf(table[type]) : []
    const { new_node_id: id, input_mapping: mapping } = Object(first)
    const info = typeof id === 'string' ? await askFor(id) : undefined
    return info && { ...withOldInputs(info, Object(first)), replacement: Array.isArray(mapping) ? type : id }
  }

  async function ask(type: string): Promise<ClassInfo | undefined> {
    const found = (await askFor(type)) ?? (await askForNew(type))
    const lacksKey = found?.api_node === true && !(await client.hasKey())
    const info: ClassInfo | undefined = lacksKey ? { ...found, lacksKey } : found
    const [before, text] = [known.get(type), JSON.stringify(info)]
    if (info === undefined) known.delete(type)
    else if (before?.text === text) before.at = performance.now()
    else known.set(type, { info, text, at: performance.now() })
    return known.get(type)?.info
  }

  async function read(type: string): Promise<ClassInfo | undefined> {
    const before = known.get(type)
    if (!before) return await ask(type)
    if (performance.now() - before.at < FRESH_MS || client.isAway()) return before.info
    const asked = ask(type).catch((error) => {
      if (!(error instanceof NoAnswer)) throw error
    })
    await within(asked, PATIENCE_MS)
    return known.get(type)?.info
  }

  return () => {
    const round = new Map<string, Promise<ClassInfo | undefined>>()
    return (type) => {
      if (!round.has(type)) round.set(type, read(type))
      return round.get(type)!
    }
  }
}

const entryOf = (table: unknown, type: string): ClassInfo | undefined =>
  isObject(table) && Object.hasOwn(table, type) && isObject(table[type]) ? table[type] : undefined

/** Without a mapping, the names are the same. An input that grew out of a group has no description, so it takes anything. */
function withOldInputs(
  info: ClassInfo,
  { input_mapping, old_widget_ids }: Record<string, unknown>,
): ClassInfo {
  if (!Array.isArray(input_mapping)) return info
  const { input_order: _, ...rest } = info
  const order = listOf(old_widget_ids)
  const mapped = input_mapping.map(Object).filter(({ old_id }) => typeof old_id === 'string')
  mapped.sort((a, b) => order.indexOf(a.old_id) - order.indexOf(b.old_id))
  const inputs = (isRequired: boolean): [string, unknown][] =>
    mapped.flatMap(({ old_id, new_id }) => {
      const spec = specOf(info, new_id)
      if (Object.hasOwn(Object(info.input?.required), new_id) !== isRequired) return []
      return [[old_id, spec.length > 0 ? spec : ['*']]]
    })
  return {
    ...rest,
    input: { required: Object.fromEntries(inputs(true)), optional: Object.fromEntries(inputs(false)) },
  }
}

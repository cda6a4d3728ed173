import { toCamelCase } from './toCamelCase.ts'

/** What no constant of a module may be called, and the import of the file. */
const reserved = new Set(
  `arguments await break case catch class const continue debugger default delete do else enum eval export exports
  extends false finally for function globalThis if implements import in instanceof interface let module new null package
  private protected public require return static super switch this throw true try typeof undefined var void while with
  yield defineWorkflow`.split(/\s+/),
)

/**
 * The name of each constant by the id of its workflow. It is made of the workflow's name, or of the id where the name has
 * no letter. If several workflows would get the same name, all of them get their id behind it. So the name does not depend
 * on the order of the workflows. It changes only when a second workflow gets the same name.
 */
export function nameConstants(
  workflows: readonly { readonly id: string; readonly name: string }[],
): Map<string, string> {
  const groups = new Map<string, string[]>()
  for (const { id, name } of workflows) {
    const base = toCamelCase(name) || toCamelCase(id) || 'workflow'
    groups.set(base, [...(groups.get(base) ?? []), id])
  }
  return new Map([...groups].flatMap(([base, ids]) => withIds(base, ids)))
}

function withIds(base: string, ids: readonly string[]): [id: string, constant: string][] {
  if (ids.length === 1) return [[ids[0]!, reserved.has(base) ? `${base}_` : base]]
  const plain = ids.map((id) => id.replace(/\W/g, '_'))
  // Ids as `a-b` and `a.b` are told apart by their characters.
  const endings =
    new Set(plain).size === ids.length ? plain : ids.map((id) => id.replace(/\W/g, (char) => `$${hex(char)}`))
  return ids.map((id, index) => [id, `${base}_${endings[index]}`])
}

const hex = (char: string): string => char.charCodeAt(0).toString(16).padStart(4, '0')

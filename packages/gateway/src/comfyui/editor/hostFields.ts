import { shorten } from './fields.ts'
import { type EditorFile, type EditorNode, SUBGRAPH_INPUT, type Subgraph } from './readEditor.ts'

/** A field that a node for a subgraph shows, and the fields inside that it sets. */
export interface HostField {
  /** The name of the subgraph's input, or of the field inside. */
  readonly name: string
  readonly targets: readonly Target[]
  /** Whether it has a place in the node's list of values. */
  readonly isListed: boolean
}

/** A field of a node inside. Of a node for a subgraph: the number of its field. */
export interface Target {
  readonly node: string
  readonly field: string
}

/** Whether the field of a node has `control_after_generate`. */
export type IsControlled = (node: EditorNode, field: string) => boolean

/** Finds the fields of the nodes that stand for subgraphs, and the values that such a node gives to nodes inside. */
export interface HostFields {
  valuesOf(
    node: EditorNode,
    given: ReadonlyMap<string, unknown>,
    problems: string[],
  ): Map<string, Map<string, unknown>>
}

/** The subgraphs of the file must not hold each other in a circle. */
export function createHostFields({ subgraphs }: EditorFile, isControlled: IsControlled): HostFields {
  const known = new Map<EditorNode, readonly HostField[]>()

  function fieldsOf(node: EditorNode): readonly HostField[] {
    const before = known.get(node)
    if (before) return before
    const subgraph = subgraphs.get(node.type)!
    const proxies = proxiesOf(node)
    const promoted = subgraph.inputs.map((name, index) => ({
      name,
      targets: fedBy(subgraph, index),
      isListed: proxies.length === 0,
    }))
    const shown = promoted.filter(({ targets }) => targets.length > 0)
    const proxied = proxies.map((proxy) => fieldOf(proxy, subgraph, promoted))
    const isCovered = ({ targets }: HostField): boolean =>
      proxied.some((field) => field.targets.some((one) => isSame(one, targets[0]!)))
    const fields = [...proxied, ...shown.filter((field) => !isCovered(field))]
    known.set(node, fields)
    return fields
  }

  /** The fields inside that an input of a subgraph sets, also through other subgraphs. */
  function fedBy(subgraph: Subgraph, index: number): Target[] {
    return [...subgraph.nodes.values()].flatMap((node) =>
      node.inputs.flatMap((slot): Target[] => {
        const link = slot.link === undefined ? undefined : subgraph.links.get(slot.link)
        if (link?.from !== SUBGRAPH_INPUT || link.output !== index) return []
        if (!subgraphs.has(node.type))
          return slot.widget === undefined ? [] : [{ node: node.id, field: slot.widget }]
        const at = fieldsOf(node).findIndex(({ name }) => name === slot.name)
        return at < 0 ? [] : [{ node: node.id, field: String(at) }]
      }),
    )
  }

  /** What an entry of `proxyWidgets` sets. An entry for a preview or a control sets nothing, but has a place. */
  function fieldOf([id, raw, deep]: Proxy, subgraph: Subgraph, promoted: readonly HostField[]): HostField {
    const field = { name: raw, targets: [], isListed: true }
    if (raw.startsWith('$$') || raw === 'control_after_generate') return field
    if (id === '-1') return { ...field, targets: promoted.find(({ name }) => name === raw)?.targets ?? [] }
    const inner = subgraph.nodes.get(id)
    if (!inner) return field
    const target = subgraphs.has(inner.type) ? innerTarget(inner, raw, deep) : { node: id, field: raw }
    if (!target) return field
    const fed = promoted.find(({ targets }) => targets.some((one) => isSame(one, target)))
    return { ...field, targets: fed?.targets ?? [target] }
  }

  /** A field of a node for a subgraph. Its name may say which node inside has it: `12: text`. */
  function innerTarget(inner: EditorNode, raw: string, deep: string | undefined): Target | undefined {
    const fields = fieldsOf(inner)
    const find = (name: string, source: string | undefined): Target | undefined => {
      const found = fields.flatMap((field, index) => {
        const isNamed = field.name === name || field.targets.some((one) => one.field === name)
        const isThere = source === undefined || field.targets.some((one) => reaches(inner, one, source))
        return isNamed && isThere ? [{ node: inner.id, field: String(index) }] : []
      })
      return found.length === 1 ? found[0] : undefined
    }
    const [, prefix, rest] = /^\s*(\d+)\s*:\s*(.+)$/.exec(raw) ?? []
    const name = rest?.replace(/^(\s*\d+\s*:\s*)+/, '') ?? raw
    return find(raw, deep) ?? find(name, deep ?? prefix) ?? find(name, undefined)
  }

  /** Whether a field inside belongs to a node with this id, at any depth. */
  function reaches(host: EditorNode, target: Target, source: string): boolean {
    if (target.node === source) return true
    const inner = subgraphs.get(host.type)?.nodes.get(target.node)
    if (!inner || !subgraphs.has(inner.type)) return false
    return fieldsOf(inner)[Number(target.field)]!.targets.some((one) => reaches(inner, one, source))
  }

  function hasControl(host: EditorNode, { targets: [target] }: HostField): boolean {
    const inner = target && subgraphs.get(host.type)?.nodes.get(target.node)
    if (!inner) return false
    if (!subgraphs.has(inner.type)) return isControlled(inner, target.field)
    return hasControl(inner, fieldsOf(inner)[Number(target.field)]!)
  }

  /** The node's own values, by the number of the field. */
  function ownValues(node: EditorNode, problems: string[]): unknown[] {
    const fields = fieldsOf(node)
    const { named, values: list = [] } = node
    const listed = fields.filter(({ isListed }) => isListed)
    // Some editors kept a value after each seed.
    const hasControls = proxiesOf(node).length === 0 && list.length > listed.length
    let at = 0
    const own = fields.map((field) => {
      if (!field.isListed) return undefined
      const value = list[at++]
      if (hasControls && hasControl(node, field)) at++
      return value
    })
    if (list.slice(at).some((value) => value !== null && value !== '')) {
      problems.push(`it has ${list.length} values for ${at} places: ${shorten(list)}`)
    }
    if (!named) return own
    return fields.map(({ name }, index) => {
      const value = Object.hasOwn(named, name) ? named[name] : undefined
      const differs = own[index] != null && JSON.stringify(own[index]) !== JSON.stringify(value)
      if (value != null && differs) {
        problems.push(`${name} is ${shorten(own[index])} in widgets_values and ${shorten(value)} by name`)
      }
      return value ?? own[index]
    })
  }

  return {
    valuesOf(node, given, problems) {
      const { proxyWidgetErrorQuarantine: lost } = node.properties
      if (Array.isArray(lost) && lost.length > 0)
        problems.push('the editor could not place some of its values')
      const own = ownValues(node, problems)
      const inside = new Map<string, Map<string, unknown>>()
      for (const [index, { name, targets }] of fieldsOf(node).entries()) {
        const value = given.get(String(index)) ?? own[index]
        if (value == null) continue
        for (const target of targets) {
          const values = inside.get(target.node) ?? new Map<string, unknown>()
          const isTaken = values.has(target.field)
          if (isTaken && JSON.stringify(values.get(target.field)) !== JSON.stringify(value)) {
            problems.push(`${name} is ${shorten(values.get(target.field))} and ${shorten(value)}`)
          }
          inside.set(target.node, values.set(target.field, value))
        }
      }
      return inside
    },
  }
}

type Proxy = readonly [node: string, field: string, deep: string | undefined]

function proxiesOf({ properties: { proxyWidgets } }: EditorNode): Proxy[] {
  if (!Array.isArray(proxyWidgets)) return []
  return proxyWidgets.map((entry) => {
    const [node, field, deep] = Array.isArray(entry) ? entry : []
    return [String(node), String(field), deep == null ? undefined : String(deep)]
  })
}

const isSame = (a: Target, b: Target): boolean => a.node === b.node && a.field === b.field

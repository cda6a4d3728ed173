import { shorten } from './fields.ts'
import { type EditorFile, type EditorNode, SUBGRAPH_INPUT, type Subgraph } from './readEditor.ts'

/** A field that a node for a subgraph shows, and the fields inside that it sets. */
interface HostField {
  /** The name of the subgraph's input, or of the field inside. */
  readonly name: string
  readonly targets: readonly Target[]
  /** Whether it has a place in the node's list of values. */
  readonly isListed: boolean
}

/** A field of a node inside. Of a node for a subgraph: the number of its field. */
interface Target {
  readonly node: string
  readonly field: string
  readonly isControlled: boolean
  /** The ids of the nodes inside that have the field, at any depth. */
  readonly ids: readonly string[]
}

/** Whether the field of a node has `control_after_generate`. */
export type IsControlled = (node: EditorNode, field: string) => boolean

/** The values that a node for a subgraph gives to the nodes inside, by their ids and fields. */
export type ReadHost = (
  node: EditorNode,
  given: ReadonlyMap<string, unknown>,
  problems: string[],
) => Map<string, Map<string, unknown>>

/** The subgraphs of the file must not hold each other in a circle. */
export function createReadHost({ subgraphs }: EditorFile, isControlled: IsControlled): ReadHost {
  const known = new Map<EditorNode, readonly HostField[]>()

  function fieldsOf(host: EditorNode): readonly HostField[] {
    const before = known.get(host)
    if (before) return before
    const subgraph = subgraphs.get(host.type)!
    const proxies = proxiesOf(host)
    const promoted = subgraph.inputs.map((name, index) => {
      return { name, targets: fedBy(subgraph, index), isListed: proxies.length === 0 }
    })
    const proxied = proxies.map((proxy) => fieldOf(proxy, subgraph, promoted))
    const set = proxied.flatMap(({ targets }) => targets)
    const others = promoted.filter(({ targets: [one] }) => one && !set.some((other) => isSame(one, other)))
    known.set(host, [...proxied, ...others])
    return known.get(host)!
  }

  /** The fields inside that an input of a subgraph sets. */
  function fedBy(subgraph: Subgraph, index: number): Target[] {
    return [...subgraph.nodes.values()].flatMap((node) =>
      node.inputs.flatMap((slot) => {
        const link = slot.link === undefined ? undefined : subgraph.links.get(slot.link)
        if (link?.from !== SUBGRAPH_INPUT || link.output !== index) return []
        if (!subgraphs.has(node.type)) return slot.widget === undefined ? [] : [targetOf(node, slot.widget)]
        const at = fieldsOf(node).findIndex(({ name }) => name === slot.name)
        return at < 0 ? [] : [targetOf(node, String(at))]
      }),
    )
  }

  function targetOf(node: EditorNode, field: string): Target {
    const { id } = node
    if (!subgraphs.has(node.type))
      return { node: id, field, ids: [id], isControlled: isControlled(node, field) }
    const { targets } = fieldsOf(node)[Number(field)]!
    const ids = [id, ...targets.flatMap((one) => one.ids)]
    return { node: id, field, ids, isControlled: targets[0]?.isControlled === true }
  }

  /** What `[node, field, node]` of `proxyWidgets` sets. A preview or a control is no field of a class, but has a place. */
  function fieldOf(proxy: unknown, subgraph: Subgraph, promoted: readonly HostField[]): HostField {
    const [id, name, deep] = (Array.isArray(proxy) ? proxy : []).map(String)
    const field = { name: String(name), targets: [], isListed: true }
    if (id === '-1') return { ...field, targets: promoted.find((one) => one.name === name)?.targets ?? [] }
    const inner = subgraph.nodes.get(String(id))
    const target =
      inner && (subgraphs.has(inner.type) ? findInside(inner, field.name, deep) : targetOf(inner, field.name))
    if (!target) return field
    // A field that an input sets, too: the input sets them all.
    const fed = promoted.find(({ targets }) => targets.some((one) => isSame(one, target)))
    return { ...field, targets: fed?.targets ?? [target] }
  }

  /** A field of a node for a subgraph. Its name may begin with the node inside that has it: `12: text`. */
  function findInside(host: EditorNode, raw: string, deep: string | undefined): Target | undefined {
    const targets = fieldsOf(host).map((_, index) => targetOf(host, String(index)))
    const find = (name: string, id: string | undefined): Target | undefined => {
      const found = fieldsOf(host).flatMap((field, index) => {
        const isNamed = field.name === name || field.targets.some((one) => one.field === name)
        return isNamed && (id === undefined || targets[index]!.ids.includes(id)) ? [targets[index]!] : []
      })
      return found.length === 1 ? found[0] : undefined
    }
    const [, prefix, name = raw] = /^(?:\s*(\d+)\s*:\s*)+(.+)$/.exec(raw) ?? []
    return find(raw, deep) ?? find(name, deep ?? prefix) ?? find(name, undefined)
  }

  /** The node's own values, in the order of its fields. */
  function ownValues(host: EditorNode, problems: string[]): unknown[] {
    const { named, values: list = [] } = host
    const listed = fieldsOf(host).filter(({ isListed }) => isListed)
    // Some editors kept a value after each seed.
    const controlled = listed.filter(({ targets: [one] }) => one?.isControlled)
    const isLonger = list.length === listed.length + controlled.length && proxiesOf(host).length === 0
    let at = 0
    const own = fieldsOf(host).map((field) => {
      if (!field.isListed) return undefined
      at += 1
      const value = list[at - 1]
      if (isLonger && controlled.includes(field)) at += 1
      return value
    })
    const isUsed = (value: unknown): boolean => value !== null && value !== ''
    if (list.slice(at).some(isUsed)) problems.push(`it has ${list.length} values for ${at} places`)
    return fieldsOf(host).map(({ name }, index) => {
      const value = named && Object.hasOwn(named, name) ? named[name] : undefined
      if (value == null || own[index] == null || JSON.stringify(value) === JSON.stringify(own[index]))
        return value ?? own[index]
      problems.push(`${name} is ${shorten(own[index])} in widgets_values, and ${shorten(value)} by name`)
      return value
    })
  }

  return (host, given, problems) => {
    const { proxyWidgetErrorQuarantine: lost } = host.properties
    if (Array.isArray(lost) && lost.length > 0) problems.push('the editor could not place some of its values')
    const own = ownValues(host, problems)
    const inside = new Map<string, Map<string, unknown>>()
    for (const [index, { name, targets }] of fieldsOf(host).entries()) {
      const value = given.get(String(index)) ?? own[index]
      for (const { node, field } of value == null ? [] : targets) {
        const values = inside.get(node) ?? new Map<string, unknown>()
        inside.set(node, values)
        const before = values.get(field) ?? value
        if (JSON.stringify(before) !== JSON.stringify(value)) {
          problems.push(`its values for ${name} differ: ${shorten(before)} and ${shorten(value)}`)
        }
        values.set(field, value)
      }
    }
    return inside
  }
}

const proxiesOf = ({ properties: { proxyWidgets } }: EditorNode): readonly unknown[] =>
  Array.isArray(proxyWidgets) ? proxyWidgets : []

const isSame = (a: Target, b: Target): boolean => a.node === b.node && a.field === b.field

// The fields of a node that stands for a subgraph, and the fields of the inner nodes that they set.
import { keyOf, listOf, type Origin } from '../workflows/types.ts'
import { type Classes, fieldsOf as fieldsOfClass, infoOf, isEmpty, isSame, shorten } from './fields.ts'
import { type EditorFile, type EditorGraph, type EditorNode, SUBGRAPH_INPUT } from './readEditor.ts'
import { readWidgets } from './widgets.ts'

interface HostField {
  /** The name of the subgraph's input. Without such an input, the node and the field inside, as editors wrote them. */
  readonly name: string
  /** The name of the field inside. */
  readonly field: string
  readonly targets: readonly Target[]
  /** The sockets inside that get its value, too. */
  readonly sockets?: readonly Socket[]
}

/** A field of a node inside. Of a node for a subgraph: the number of its field. */
interface Target {
  readonly node: string
  readonly field: string
  /** Whether it has `control_after_generate`. */
  readonly isControlled: boolean
  /** The ids of the nodes inside that have the field, at any depth. */
  readonly ids: ReadonlySet<string>
}

type Socket = Pick<Target, 'node' | 'field'>
type Fed = Record<'targets', Target[]> & Record<'sockets', Socket[]>

/** A value that a field inside of a subgraph gets, and its origin. Without a value, the field's own value counts. */
export interface Given {
  readonly value: unknown
  readonly from: Origin
}

/** Reads the values that a node for a subgraph gives to the nodes inside, by their ids and fields. */
type ReadHost = (
  host: { readonly id: string; readonly node: EditorNode; readonly given: ReadonlyMap<string, Given> },
  say: (problem: string) => unknown,
) => ReadonlyMap<string, ReadonlyMap<string, Given>>

/** The subgraphs of the file must not hold each other in a circle. */
export function createReadHost({ subgraphs, version }: EditorFile, classes: Classes): ReadHost {
  const known = new Map<EditorNode, readonly HostField[]>()
  const fedGraphs = new Map<EditorGraph, readonly Fed[]>()

  function fieldsOf(host: EditorNode): readonly HostField[] {
    const fields = known.get(host) ?? findFields(host, subgraphs.get(host.type)!)
    known.set(host, fields)
    return fields
  }

  /** The proxies, and then the other inputs. The list of values has places for the proxies, or else for the inputs. */
  function findFields(host: EditorNode, subgraph: EditorGraph): HostField[] {
    const proxies = proxiesOf(host)
    const fed = fedGraphs.get(subgraph) ?? fedBy(subgraph)
    fedGraphs.set(subgraph, fed)
    const promoted = subgraph.inputs.map((name, index) => ({ name, field: name, ...fed[index]! }))
    const proxied = proxies.map((proxy) => fieldOf(proxy, subgraph, promoted))
    const set = new Set(proxied.flatMap(({ targets }) => targets.map(keyOf)))
    return [...proxied, ...promoted.filter(({ targets: [one] }) => one && !set.has(keyOf(one)))]
  }

  /** The fields and sockets inside that each input of a subgraph sets. */
  function fedBy({ nodes, links, inputs }: EditorGraph): Fed[] {
    const fed = inputs.map((): Fed => ({ targets: [], sockets: [] }))
    for (const node of nodes.values()) {
      for (const { name, link, widget } of node.inputs) {
        const { from, output = -1 } = links.get(link ?? '') ?? {}
        const to = from === SUBGRAPH_INPUT ? fed[output] : undefined
        const isHost = subgraphs.has(node.type)
        const at = to && isHost ? fieldsOf(node).findIndex((field) => field.name === name) : -1
        const field = isHost ? (at < 0 ? undefined : String(at)) : widget
        if (field !== undefined) to?.targets.push(targetOf(node, field))
        else if (!isHost) to?.sockets.push({ node: node.id, field: name })
      }
    }
    return fed
  }

  /** The value that a node inside has of its own. */
  function ownValueOf({ nodes }: EditorGraph, target: Target | undefined): unknown {
    const node = target && nodes.get(target.node)
    if (!node || subgraphs.has(node.type)) return undefined
    return readWidgets(node, infoOf(node.type, classes) ?? {}, new Set(), version).values.get(target.field)
  }

  function targetOf(node: EditorNode, field: string): Target {
    const targets = subgraphs.has(node.type) ? fieldsOf(node)[Number(field)]!.targets : []
    const fields = fieldsOfClass(infoOf(node.type, classes) ?? {})
    const isControlled = [...fields].some(({ name, isControlled }) => name === field && isControlled)
    return {
      node: node.id,
      field,
      isControlled: targets[0]?.isControlled ?? isControlled,
      ids: new Set([node.id, ...targets.flatMap(({ ids }) => [...ids])]),
    }
  }

  /** The field of an entry `[node, field, node]` of `proxyWidgets`. A preview or a control is no field, but has a place. */
  function fieldOf(proxy: unknown, subgraph: EditorGraph, promoted: readonly HostField[]): HostField {
    const [id = '', name = '', deep] = listOf(proxy).map(String)
    const inner = subgraph.nodes.get(id)
    const target = inner && findTarget(inner, name, deep)
    // The input of the host itself, or the one that sets the same field, and maybe others.
    const input = promoted.find((one) =>
      id === '-1' ? one.name === name : target && one.targets.some((other) => keyOf(other) === keyOf(target)),
    )
    const own = { name: id === '-1' ? name : `${id}: ${name}`, targets: target ? [target] : [] }
    return { ...own, ...input, field: name }
  }

  /** A field of a node. At a node for a subgraph, a name may begin with the node inside that has it: `12: text`. */
  function findTarget(node: EditorNode, raw: string, deep: string | undefined): Target | undefined {
    if (!subgraphs.has(node.type)) return targetOf(node, raw)
    const fields = fieldsOf(node).map((field, index) => ({ ...field, target: targetOf(node, String(index)) }))
    const find = (wanted: string, id: string | undefined): Target | undefined => {
      const found = fields.filter(
        ({ name, field, targets, target: { ids } }) =>
          (name === wanted || field === wanted || targets.some((one) => one.field === wanted)) &&
          (id === undefined || ids.has(id)),
      )
      return found.length === 1 ? found[0]!.target : undefined
    }
    const [, prefix, name = raw] = /^(?:\s*(\d+)\s*:)+\s*(\S.*)/s.exec(raw) ?? []
    return find(raw, deep) ?? find(name, deep ?? prefix) ?? find(name, undefined)
  }

  return ({ id, node: host, given }, say) => {
    const { named = {}, values: list } = host
    if (listOf(host.properties.proxyWidgetErrorQuarantine).length > 0)
      say('the editor could not place some of its values')
    const subgraph = subgraphs.get(host.type)!
    const { inputs } = subgraph
    const gone = host.inputs.find(({ name, link }) => link !== undefined && !inputs.includes(name))
    if (gone) say(`its subgraph has no input ${JSON.stringify(gone.name)}, which has a link`)
    const fields = fieldsOf(host)
    const proxies = proxiesOf(host).length
    const controls = fields.filter(({ targets: [one] }) => one?.isControlled).length
    // Some editors kept a value after each seed.
    const isLonger = proxies === 0 && list.length === fields.length + controls
    const inside = new Map<string, Map<string, Given>>()
    let at = 0
    for (const [index, { name, field: shown, targets, sockets = [] }] of fields.entries()) {
      const listed = proxies === 0 || index < proxies ? list[at++] : undefined
      if (isLonger && targets[0]?.isControlled) at++
      const byName = Object.hasOwn(named, name) ? named[name] : undefined
      if (listed != null && byName != null && !isSame(listed, byName))
        say(`${shown} is ${shorten(listed)} in widgets_values, and ${shorten(byName)} by name`)
      const outer = given.get(String(index))
      const value = outer?.value ?? byName ?? listed
      const title = host.inputs.find((slot) => slot.name === name)?.label
      const from = outer?.from ?? { node: id, name, field: shown, title }
      for (const { node, field } of targets) {
        const values = inside.get(node) ?? new Map<string, Given>()
        inside.set(node, values)
        const before = values.get(field)?.value ?? value
        if (!isSame(before, value ?? before))
          say(`its values for ${shown} differ: ${shorten(before)} and ${shorten(value)}`)
        values.set(field, { value: value ?? before, from })
      }
      const literal = targets.length > 0 ? (value ?? ownValueOf(subgraph, targets[0])) : undefined
      for (const { node, field } of sockets)
        inside.set(node, (inside.get(node) ?? new Map<string, Given>()).set(field, { value: literal, from }))
    }
    if (!list.slice(at).every(isEmpty)) say(`it has ${list.length} values for ${at} places`)
    return inside
  }
}

const proxiesOf = ({ properties }: EditorNode): readonly unknown[] => listOf(properties.proxyWidgets)

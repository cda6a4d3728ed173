// One random change of a workflow, such as an old file, a script or a bad merge makes.
type Random = () => number

const pick = <T>(list: readonly T[], random: Random): T | undefined =>
  list[Math.floor(random() * list.length)]
const nodesOf = (file: any): any[] =>
  [file, ...(file.definitions?.subgraphs ?? [])].flatMap((graph) => graph.nodes)
const linksOf = (file: any): any[] =>
  [file, ...(file.definitions?.subgraphs ?? [])].flatMap((graph) => graph.links)
const field = (link: any, key: number): any =>
  Array.isArray(link) ? key : ['id', 'origin_id', 'origin_slot', 'target_id'][key]
const listed = (file: any): any[] => nodesOf(file).filter((node) => node.widgets_values?.length > 0)

const changes: Record<string, (file: any, random: Random) => unknown> = {
  'a value is dropped'(file, random) {
    const { widgets_values: values } = pick(listed(file), random) ?? {}
    values?.splice(Math.floor(random() * values.length), 1)
  },
  'a value is doubled'(file, random) {
    const { widgets_values: values } = pick(listed(file), random) ?? {}
    if (!values) return
    const at = Math.floor(random() * values.length)
    values.splice(at, 0, values[at])
  },
  'a number is a text'(file, random) {
    const numbers = listed(file).flatMap(({ widgets_values: values }) =>
      Array.isArray(values)
        ? values.flatMap((value, at) => (typeof value === 'number' ? [{ values, at }] : []))
        : [],
    )
    const { values, at } = pick(numbers, random) ?? {}
    if (values) values[at!] = String(values[at!])
  },
  'values are null'(file, random) {
    const { widgets_values: values } = pick(listed(file), random) ?? {}
    if (values) values[Math.floor(random() * values.length)] = null
  },
  'a link leads to nowhere'(file, random) {
    const link = pick(linksOf(file), random)
    if (link) link[field(link, 1)] = 987654
  },
  'a link is gone'(file, random) {
    const graph = pick([file, ...(file.definitions?.subgraphs ?? [])], random) as any
    graph.links.splice(Math.floor(random() * graph.links.length), 1)
  },
  'a link comes from another node'(file, random) {
    const link = pick(linksOf(file), random)
    const node = pick(nodesOf(file), random)
    if (link) link[field(link, 1)] = node.id
  },
  'a link comes from another output'(file, random) {
    const link = pick(linksOf(file), random)
    if (link) link[field(link, 2)] = Math.floor(random() * 4)
  },
  'a class is unknown'(file, random) {
    pick(nodesOf(file), random).type = 'NobodyHasThis'
  },
  'a node is muted'(file, random) {
    pick(nodesOf(file), random).mode = 2
  },
  'a node is bypassed'(file, random) {
    pick(nodesOf(file), random).mode = 4
  },
  'a node is gone'(file, random) {
    const graph = pick([file, ...(file.definitions?.subgraphs ?? [])], random) as any
    graph.nodes.splice(Math.floor(random() * graph.nodes.length), 1)
  },
  'any part is replaced'(file, random) {
    let at = file
    const path: string[] = []
    for (;;) {
      const isTop = at === file
      const key = pick(isTop ? ['nodes', 'links', 'definitions'] : Object.keys(at), random)!
      path.push(key)
      if (
        typeof at[key] === 'object' &&
        at[key] !== null &&
        Object.keys(at[key]).length > 0 &&
        random() < 0.9
      )
        at = at[key]
      else {
        at[key] = pick([null, [], {}, 'text', -1, 2 ** 70, [[]], { nodes: [] }, true], random)
        return path.join('.')
      }
    }
  },
}

/** A changed copy of a workflow, and which change it was. */
export function change(workflow: unknown, random: Random): { changed: unknown; what: string; where: string } {
  const what = pick(Object.keys(changes), random)!
  const changed = structuredClone(workflow)
  const where = changes[what]!(changed, random)
  return { changed, what, where: String(where ?? '') }
}

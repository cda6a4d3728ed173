// Nodes and links as the library of ComfyUI's editor follows them. It knows no values of subgraphs.
const PRIMITIVES = ['PrimitiveNode', 'Note', 'MarkdownNote', 'Reroute']

/** The library, with a node for each class. `undefined` where it is not installed. */
export async function loadLitegraph(classes: readonly string[]): Promise<any> {
  const page = globalThis as any
  page.window ??= page
  page.Image ??= class {}
  page.document ??= { createElement: () => ({ getContext: () => ({}), style: {} }), addEventListener() {} }
  const name = '@comfyorg/litegraph'
  const library = await import(name).catch(() => undefined)
  if (!library) return undefined
  for (const type of [...classes, ...PRIMITIVES]) {
    const isVirtualNode = PRIMITIVES.includes(type)
    library.LiteGraph.registerNodeType(
      type,
      class extends library.LGraphNode {
        isVirtualNode = isVirtualNode
        comfyClass = type
      },
    )
  }
  for (const method of ['warn', 'error', 'debug'] as const) console[method] = () => {}
  return library
}

/** The links of each node that runs, by its id and the name of the input, or the error of the library. */
export function linksOf(library: any, workflow: unknown): Map<string, Map<string, string>> | string {
  const { LGraph, LiteGraph, SubgraphNode, ExecutableNodeDTO } = library
  const isOff = ({ mode }: any): boolean => mode === 2 || mode === 4
  const registered: string[] = []
  try {
    const graph = new LGraph()
    graph.events.addEventListener('subgraph-created', ({ detail: { subgraph, data } }: any) => {
      registered.push(data.id)
      LiteGraph.registerNodeType(
        data.id,
        class extends SubgraphNode {
          constructor() {
            const none = {
              id: -1,
              type: data.id,
              pos: [0, 0],
              size: [1, 1],
              inputs: [],
              outputs: [],
              flags: {},
              order: 0,
              mode: 0,
            }
            super(graph, subgraph, none)
          }
        },
      )
    })
    graph.configure(structuredClone(workflow))
    const nodes = new Map<string, any>()
    for (const node of graph.nodes) {
      const dto = new ExecutableNodeDTO(node, [], nodes, node.isSubgraphNode() ? node : undefined)
      nodes.set(String(dto.id), dto)
      // Only the outermost node says whether its inside runs; the conversion asks each.
      if (!isOff(node)) for (const inner of dto.getInnerNodes()) nodes.set(String(inner.id), inner)
    }
    const found = new Map<string, Map<string, string>>()
    for (const [id, node] of nodes) {
      if (node.isVirtualNode || isOff(node)) continue
      const links = new Map<string, string>()
      for (const [index, { name }] of node.inputs.entries()) {
        const source = node.resolveInput(index)
        if (source && !source.widgetInfo) links.set(name, `${source.origin_id},${source.origin_slot}`)
      }
      found.set(id, links)
    }
    for (const links of found.values()) {
      for (const [name, source] of links) if (!found.has(source.split(',')[0]!)) links.delete(name)
    }
    return found
  } catch (error) {
    return `litegraph: ${(error as Error).message.slice(0, 200)}`
  } finally {
    for (const type of registered) LiteGraph.unregisterNodeType(type)
  }
}

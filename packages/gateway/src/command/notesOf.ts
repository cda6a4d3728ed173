import type { ComfyWorkflow } from '../comfyui/workflows/types.ts'

/** A line for each field that is no input, each save node that is no output, and each number above 2^53. */
export function notesOf({ nodes, inputs, outputs }: ComfyWorkflow): string[] {
  const keyOf = (node: string, field: string): string => JSON.stringify([node, field])
  const taken = new Set([...inputs.values()].map(({ node, field }) => keyOf(node, field)))
  const written = new Set([...outputs.values()].map(({ node }) => node))
  return [...nodes.values()].flatMap(({ id, node, title, info, fields, links, cut }) => {
    const names = [...fields.keys()].filter((name) => name !== 'filename_prefix' && name !== 'label')
    const free = names.filter((name) => !links.has(name) && !taken.has(keyOf(id, name)))
    const linked = names.filter((name) => links.has(name))
    const isSilent = info?.output_node === true && !written.has(id)
    const notes = [
      ...(free.length > 0 ? [`${free.join(', ')}: no rule names ${free.length > 1 ? 'them' : 'it'}`] : []),
      ...linked.map((name) => `${name}: comes from node ${links.get(name)}`),
      ...cut.map((name) => `${name}: above 2^53, sent as ${node.inputs[name]} where you give no value`),
      ...(isSilent ? ['no output of the workflow'] : []),
    ]
    return notes.map((note) => `node ${id} ${JSON.stringify(title)} (${node.class_type}): ${note}`)
  })
}

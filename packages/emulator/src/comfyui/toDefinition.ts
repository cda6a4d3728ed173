import type { WorkflowFile } from '@flowscale/gateway/http'
import { type ComfyWorkflow, type KnownNode, readWorkflow } from '@flowscale/gateway/workflows'
import type { InputDefinition, WorkflowDefinition } from '../workflows/types.ts'
import { knownClasses, readClassInfo } from './classInfo.ts'
import { type GraphPlan, paintGraph } from './paintGraph.ts'

/** Makes a definition of a ComfyUI file, and a note if a part is a guess. */
export async function loadFile(
  file: WorkflowFile,
): Promise<{ definition: WorkflowDefinition; note: string | undefined }> {
  if (file.problem !== undefined) throw new Error(file.problem)
  const workflow = await readWorkflow(file, readClassInfo(file))
  return { definition: toDefinition(workflow), note: noteGuesses(file, workflow) }
}

/** Makes a workflow of the emulator, which paints what the one of ComfyUI would make. */
function toDefinition({ listing, nodes, inputs, outputs }: ComfyWorkflow): WorkflowDefinition {
  const plan: GraphPlan = {
    nodes: new Map([...nodes].map(([id, known]) => [id, { ...known.node, texts: textsOf(known) }])),
    inputs,
    outputs,
  }
  const taken = [...inputs].map(([name, input]): [string, InputDefinition] => {
    const { name: _name, fields: _fields, why: _why, ...definition } = input
    return [name, definition]
  })
  return {
    id: listing.id,
    name: listing.name,
    description: listing.description,
    inputs: Object.fromEntries(taken),
    outputs: Object.fromEntries(listing.outputs),
    namesFiles: true,
    run: (values, context) => paintGraph(plan, values, context),
  }
}

/** The fields of a node in which people write text, such as a prompt: no choices, no names of files. */
function textsOf({ fields }: KnownNode): string[] {
  const texts = [...fields.values()].filter(({ kind, options, name }) => {
    return kind === 'string' && !options && name !== 'filename_prefix' && name !== 'label'
  })
  return texts.filter(({ multiline }) => multiline || fields.size === 1).map(({ name }) => name)
}

/** A note on the nodes of unknown classes, if the sidecar leaves a part of them to a guess. */
function noteGuesses(
  { name, sidecar, file = `${name}.json` }: WorkflowFile,
  workflow: ComfyWorkflow,
): string | undefined {
  const unknown = [...workflow.nodes.values()].filter(({ node }) => !knownClasses().has(node.class_type))
  const guesses = guessesOf(Object(sidecar), workflow)
    .map(({ what, isGuess }) => ({ what, nodes: unknown.filter(isGuess) }))
    .filter(({ nodes }) => nodes.length > 0)
  if (guesses.length === 0) return undefined
  const listed = [...new Set(guesses.flatMap(({ nodes }) => nodes))].map(({ id, title, node }) => {
    return `${node.class_type} (node ${id}, "${title}")`
  })
  const what = guesses.map((guess) => guess.what).join(' and ')
  const about = `${file}: unknown node classes: ${listed.join(', ')}`
  return `${about}. Their ${what} are a guess, and your ComfyUI may show others. Give them in ${name}.flowscale.json`
}

interface Guess {
  readonly what: string
  readonly isGuess: (node: KnownNode) => boolean
}

/** The parts that a sidecar leaves open. An input with a kind is complete, as the gateway's `inspect --write` writes it. */
function guessesOf(named: Record<string, unknown>, { nodes }: ComfyWorkflow): Guess[] {
  const linked = new Set([...nodes.values()].flatMap(({ links }) => [...links.values()]))
  const entries: { node?: unknown; kind?: unknown }[] = Object.values(Object(named.inputs))
  const bare = new Set(entries.filter(({ kind }) => kind === undefined).map(({ node }) => String(node)))
  const takes = ({ fields, links }: KnownNode): boolean =>
    [...fields.keys()].some((field) => field !== 'filename_prefix' && !links.has(field))
  return [
    named.inputs === undefined
      ? { what: 'inputs', isGuess: takes }
      : { what: 'kinds and ranges of inputs', isGuess: ({ id }) => bare.has(id) },
    // `links` has the ids of nodes as JSON.
    { what: 'outputs', isGuess: ({ id }) => named.outputs === undefined && !linked.has(JSON.stringify(id)) },
  ]
}

import type { WorkflowFile } from '@flowscale/gateway/face'
import type { ComfyWorkflow, KnownNode } from '@flowscale/gateway/node'
import { knowClasses } from './classes/knowClasses.ts'

/** A line on the nodes whose class is not known, where that leaves a guess. */
export function noteOn({ name, sidecar }: WorkflowFile, workflow: ComfyWorkflow): string | undefined {
  const unknown = [...workflow.nodes.values()].filter(({ node }) => !knowClasses().has(node.class_type))
  const guesses = guessesOf(Object(sidecar), workflow)
    .map(({ what, isGuess }) => ({ what, nodes: unknown.filter(isGuess) }))
    .filter(({ nodes }) => nodes.length > 0)
  if (guesses.length === 0) return undefined
  const shown = [...new Set(guesses.flatMap(({ nodes }) => nodes))].map(({ id, title, node }) => {
    return `${node.class_type} (node ${id}, "${title}")`
  })
  const what = guesses.map((guess) => guess.what).join(' and ')
  const about = `${name}.json: unknown node classes: ${shown.join(', ')}`
  return `${about}. Their ${what} are a guess, and your ComfyUI may show others. Give them in ${name}.flowscale.json`
}

interface Guess {
  readonly what: string
  readonly isGuess: (node: KnownNode) => boolean
}

/** What a sidecar leaves open. An input with its kind is taken as complete: the gateway's `inspect --write` gives it. */
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
    // A link's node is kept in quotes.
    { what: 'outputs', isGuess: ({ id }) => named.outputs === undefined && !linked.has(JSON.stringify(id)) },
  ]
}

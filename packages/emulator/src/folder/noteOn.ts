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

/** What a sidecar leaves open. */
function guessesOf(named: Record<string, unknown>, { nodes, inputs }: ComfyWorkflow): Guess[] {
  const linked = new Set([...nodes.values()].flatMap(({ links }) => [...links.values()]))
  const takes = ({ fields, links }: KnownNode): boolean =>
    [...fields.keys()].some((field) => field !== 'filename_prefix' && !links.has(field))
  const isOpen = ({ id }: KnownNode): boolean => {
    return [...inputs.values()].some(({ node, kind, seed, min, max }) => {
      return node === id && kind === 'number' && !seed && (min === undefined || max === undefined)
    })
  }
  return [
    named.inputs === undefined
      ? { what: 'inputs', isGuess: takes }
      : { what: 'ranges of numbers', isGuess: isOpen },
    // A link's node is kept in quotes.
    { what: 'outputs', isGuess: ({ id }) => named.outputs === undefined && !linked.has(JSON.stringify(id)) },
  ]
}

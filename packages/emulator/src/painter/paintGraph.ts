import type { Kind } from '@flowscale/gateway/face'
import type { OutputFile, RunContext, WorkflowInputs, WorkflowOutputs } from '../types.ts'
import { drive } from './drive.ts'
import { type GraphNodes, lookUpstream, type Sight } from './lookUpstream.ts'
import { paintAudio } from './paintAudio.ts'
import { paintFilm } from './paintFilm.ts'
import { paintPicture } from './paintPicture.ts'
import { writeText } from './writeText.ts'

/** A workflow of ComfyUI, as far as it is painted. */
export interface GraphPlan {
  readonly nodes: GraphNodes
  readonly inputs: ReadonlyMap<string, { readonly kind: Kind; readonly node: string; readonly field: string }>
  readonly outputs: ReadonlyMap<string, { readonly kind: Kind; readonly node: string }>
}

/** One file to make. */
interface Piece extends Sight {
  readonly name: string
  readonly kind: Kind
}

const MOST_PICTURES = 16
const WORDS = 40
/** So that a few more are exact, too. */
const MOST_SEEDS = 2 ** 52

/** Paints each output of a workflow from what leads to it in the graph. */
export async function paintGraph(
  plan: GraphPlan,
  values: WorkflowInputs,
  context: RunContext,
): Promise<WorkflowOutputs> {
  const nodes = fillNodes(plan, values)
  const pieces = [...plan.outputs].flatMap(([name, { node, kind }]): Piece[] => {
    const sight = lookUpstream(nodes, node)
    const count = kind === 'image' ? Math.max(1, Math.min(sight.batch, MOST_PICTURES)) : 1
    return Array.from({ length: count }, () => ({ ...sight, name, kind }))
  })
  const made = new Map<string, OutputFile[]>([...plan.outputs.keys()].map((name) => [name, []]))
  for (const [index, piece] of pieces.entries()) {
    const part: RunContext = {
      ...context,
      progress: (fraction) => context.progress((index + fraction) / pieces.length),
    }
    // Another seed for each, or one prompt would give the same picture again.
    const file = await paintPiece(
      { ...piece, seed: (piece.seed % MOST_SEEDS) + index },
      3000 / pieces.length,
      part,
    )
    made.get(piece.name)!.push(file)
  }
  return Object.fromEntries(made)
}

async function paintPiece(piece: Piece, totalMs: number, context: RunContext): Promise<OutputFile> {
  const { kind, prompt, seed, text } = piece
  if (kind === 'image') return await paintPicture(piece, totalMs, context)
  if (kind === 'video') return await paintFilm(piece, totalMs, context)
  if (kind === 'audio') {
    await context.sleep(totalMs)
    return { data: paintAudio({ prompt, seed }), type: 'audio/wav' }
  }
  const lines = await drive(writeText({ prompt, seed, words: WORDS }), totalMs, context)
  const written = text ?? lines
  return { data: new TextEncoder().encode(written), type: 'text/plain; charset=utf-8' }
}

/** The nodes with the values of a run. A picture is the file; of other files, the value of the workflow stays. */
function fillNodes({ nodes, inputs }: GraphPlan, values: WorkflowInputs): GraphNodes {
  const given = new Map(Object.entries(values))
  const filled = new Map([...nodes].map(([id, node]) => [id, { ...node, inputs: { ...node.inputs } }]))
  for (const [name, { kind, node, field }] of inputs) {
    const [value] = [given.get(name)].flat()
    const isOther = typeof value === 'object' && kind !== 'image'
    if (value !== undefined && !isOther) Object.assign(filled.get(node)!.inputs, { [field]: value })
  }
  return filled
}

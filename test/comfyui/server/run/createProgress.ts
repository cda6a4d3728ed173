import type { Item, Life } from '../types.ts'
import { send, sendPreview } from './messages.ts'

interface NodeProgress {
  value: number
  max: number
  state: 'running' | 'finished'
}

/** Tells the clients how far the nodes of a run are. */
export interface Progress {
  start(node: string): void
  step(node: string, value: number, max: number, preview?: () => Uint8Array): void
  finish(node: string): void
}

export function createProgress(life: Life, [, prompt_id]: Item): Progress {
  const nodes = new Map<string, NodeProgress>()
  const ids = (node: string) => ({
    node_id: node,
    prompt_id,
    display_node_id: node,
    parent_node_id: null,
    real_node_id: node,
  })
  const tell = (): void => {
    const shown = [...nodes].map(([node, state]) => [node, { ...state, ...ids(node) }])
    send(life, 'progress_state', { prompt_id, nodes: Object.fromEntries(shown) }, life.clientId)
  }
  return {
    start(node) {
      nodes.set(node, { value: 0, max: 1, state: 'running' })
      tell()
    },
    step(node, value, max, preview) {
      nodes.set(node, { value, max, state: 'running' })
      tell()
      const picture = preview?.()
      if (picture) sendPreview(life, picture, ids(node), true)
      send(life, 'progress', { value, max, prompt_id, node }, life.clientId)
      if (picture) sendPreview(life, picture, ids(node), false)
    },
    finish(node) {
      const max = nodes.get(node)?.max ?? 1
      nodes.set(node, { value: max, max, state: 'finished' })
      tell()
    },
  }
}

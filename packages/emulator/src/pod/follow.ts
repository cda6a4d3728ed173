import type { Pod } from './types.ts'

/** Makes each new place of a run in the queue news, until the function that it gives is called. */
export function follow(pod: Pod, id: string): () => void {
  const { followers } = pod
  const add = (count: number): void => {
    const left = (followers.get(id) ?? 0) + count
    if (left > 0) followers.set(id, left)
    else followers.delete(id)
  }
  add(1)
  let over = false
  return () => {
    if (!over) add(-1)
    over = true
  }
}

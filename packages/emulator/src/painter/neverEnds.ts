import type { WorkflowDefinition } from '../types.ts'

export const neverEnds: WorkflowDefinition = {
  id: 'nev3rend5run',
  name: 'Never Ends',
  description: 'Runs until it is cancelled',
  inputs: {},
  outputs: { image_output: 'image' },
  run: (_inputs, { signal }) =>
    // A timer would keep the process alive.
    new Promise((_resolve, reject) => {
      const stop = (): void => reject(signal.reason)
      if (signal.aborted) stop()
      else signal.addEventListener('abort', stop, { once: true })
    }),
}

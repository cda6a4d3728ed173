import type { WorkflowDefinition } from '@flowscale/emulator'

/** Ends after `ms` as it is told to. */
export const quick: WorkflowDefinition = {
  id: 'qu1ck',
  name: 'Quick',
  description: 'Ends soon, well or badly',
  inputs: {
    text: 'string',
    ms: { kind: 'number', required: false },
    end: { kind: 'string', required: false },
    file: { kind: 'file', required: false },
  },
  outputs: { text: 'file' },
  async run({ text, ms = 0, end }, { sleep, progress, signal }) {
    await sleep(Number(ms) / 2)
    progress(0.5)
    await sleep(Number(ms) / 2)
    if (end === 'failed') throw new Error('It was to fail')
    if (end === 'never') {
      await new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason))
      })
    }
    return { text: { data: new TextEncoder().encode(`got ${text}`), type: 'text/plain' } }
  },
}

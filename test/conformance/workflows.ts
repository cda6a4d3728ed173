import type { WorkflowDefinition } from '@flowscale/emulator'

const text = (value: unknown) => ({ data: new TextEncoder().encode(String(value)), type: 'text/plain' })

/** Workflows for cases that are not about the picture: painting one takes longer than all else. */
export const workflows: WorkflowDefinition[] = [
  {
    id: 'quick',
    name: 'Quick',
    description: 'One text at once',
    inputs: { text: 'string' },
    outputs: { echo: 'file' },
    run: async ({ text: given }, { sleep }) => {
      await sleep(1000)
      return { echo: text(given) }
    },
  },
  {
    id: 'scripts',
    name: 'Scripts',
    description: 'Names in four scripts',
    inputs: { 提示词: 'string', größe: 'string', фон: 'string', プロンプト: 'string' },
    outputs: { 结果: 'file' },
    namesFiles: true,
    run: (inputs) => ({ 结果: text(inputs.提示词) }),
  },
  {
    id: 'pair',
    name: 'Pair',
    description: 'Two texts at once',
    inputs: { texts: { kind: 'string', array: true } },
    outputs: { first: 'file', second: 'file' },
    run: ({ texts }) => {
      const [first, second = first] = [texts].flat()
      return { first: text(first), second: text(second) }
    },
  },
  {
    id: 'slow',
    name: 'Slow',
    description: 'One text after a while',
    inputs: {},
    outputs: { echo: 'file' },
    run: async (_, { sleep }) => {
      await sleep(1_200_000)
      return { echo: text('at last') }
    },
  },
]

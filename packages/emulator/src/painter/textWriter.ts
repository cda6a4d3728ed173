import type { WorkflowDefinition } from '../types.ts'
import { drive } from './drive.ts'
import { writeText } from './writeText.ts'

const MOST_WORDS = 1000

export const textWriter: WorkflowDefinition = {
  id: 't3xtwr1ter00',
  name: 'Text Writer',
  description: 'Write a few lines from a prompt',
  inputs: { prompt: 'string', words: { kind: 'number', required: false } },
  outputs: { text_output: 'file' },
  async run(inputs, context) {
    const words = Number(inputs.words ?? 40)
    if (!Number.isInteger(words) || words < 1 || words > MOST_WORDS) {
      throw new Error(`words must be a whole number from 1 to ${MOST_WORDS}, got ${words}`)
    }
    const seed = Math.floor(context.random() * 2 ** 32)
    const lines = writeText({ prompt: String(inputs.prompt), seed, words })
    const text = await drive(lines, 1000, context)
    return { text_output: { data: new TextEncoder().encode(text), type: 'text/plain; charset=utf-8' } }
  },
}

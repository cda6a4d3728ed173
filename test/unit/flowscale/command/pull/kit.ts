import type { Workflow } from '@flowscale/client'
import { readWorkflows } from '../../../../../packages/flowscale/src/command/pull/readWorkflows.ts'
import { toText } from '../../../../../packages/flowscale/src/command/pull/toText.ts'

export const workflow = (own: Partial<Workflow> = {}): Workflow => ({
  id: 'a1',
  name: 'Mine',
  description: '',
  inputs: { prompt: 'string' },
  outputs: { picture: 'image' },
  ...own,
})

/** One input of its kind, with what a server tells of it. */
export const withInput = (kind: string, details?: object, name = 'it'): Workflow =>
  workflow({
    inputs: Object.fromEntries([[name, kind]]),
    ...(details && { input_details: Object.fromEntries([[name, details]]) }),
  })

export const textOf = (...workflows: Workflow[]): string => toText(readWorkflows(workflows))

/** What is written of one input: its comment and its property. */
export function propertyOf(kind: string, details?: object, name?: string): string {
  const text = textOf(withInput(kind, details, name))
  return text.slice(text.indexOf('<\n  {\n') + 6, text.indexOf('\n  },\n')).replace(/^ {4}/gm, '')
}

export const constantsOf = (...named: [id: string, name: string][]): Record<string, string> =>
  Object.fromEntries(
    readWorkflows(named.map(([id, name]) => workflow({ id, name }))).map(({ id, constant }) => [
      id,
      constant,
    ]),
  )

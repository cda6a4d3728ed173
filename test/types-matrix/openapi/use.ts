// The types that openapi-typescript makes of the document: the test writes them beside this file.
import type { components, paths } from './document.ts'

type Run = paths['/api/v1/workflows/bncu0a1kipv/runs']['post']
type Inputs = NonNullable<Run['requestBody']>['content']['application/json']
type Answer = Run['responses'][200]['content']['application/json']

export const inputs: Inputs = { text_51536: 'a red fox', seed: 7 }
// @ts-expect-error A required input.
export const none: Inputs = {}
// @ts-expect-error An unknown input.
export const other: Inputs = { text_51536: 'a', prompt: 'a' }

export const linkOf = ({ data }: Answer): string | undefined =>
  data.status === 'completed' ? data.outputs[0]?.url : undefined
export const progressOf = ({ progress, position = 0 }: components['schemas']['RunUpdate']): number =>
  position > 0 ? 0 : progress

import { isFileKind } from '../workflow.ts'
import { toDefinition } from './toDefinition.ts'
import type { PulledWorkflow } from './types.ts'

const mark = '// Written by "flowscale pull"'

/** Whether a file was written by this command. One that is empty is nobody's. */
export const isOurs = (text: string): boolean =>
  /^\ufeff?\s*$/.test(text) || text.replace(/^\ufeff/, '').startsWith(mark)

/** The file that holds the workflows: the same text for the same workflows. */
export function toText(workflows: readonly PulledWorkflow[]): string {
  const inputs = workflows.flatMap((workflow) => workflow.inputs)
  const takesFiles = inputs.some(({ kind }) => isFileKind(kind))
  const isUntold = inputs.some(({ required }) => required === null)
  const lines = [
    `${mark}: do not edit. "flowscale pull --check" fails if it is out of date.`,
    ...(isUntold ? ['// An input is optional if the server does not say that it is required.'] : []),
    ...(takesFiles
      ? ["// A file: await fileInput('photo.png'), of '@flowscale/client/node', a Blob, or a URL."]
      : []),
    ...(takesFiles ? ["import type { FileInput } from '@flowscale/client'"] : []),
    "import { defineWorkflow } from '@flowscale/client/typed'",
    ...workflows.flatMap((workflow) => ['', ...toDefinition(workflow)]),
  ]
  return `${lines.join('\n')}\n`
}

import type { Report } from '../engine.ts'
import { signatureOf } from './signatureOf.ts'
import { tryLine } from './tryLine.ts'

/** The text at the start of the command. */
export function banner(url: string, apiKey: string | null, { servers, workflows }: Report): string {
  const width = Math.max(...workflows.map(({ id }) => id.length), 0)
  const lines = workflows.map((workflow) => `    ${workflow.id.padEnd(width)}  ${describe(workflow)}`)
  return `
  Your FlowScale is running. Ctrl+C stops it; runs go on in your ComfyUI.

  page    ${url}/
  API     ${url}
  key     ${apiKey ?? 'none: everybody on this machine can use the API'}
${servers.map(({ name, about }) => `  server  ${name}: ${about}\n`).join('')}
  Workflows
${lines.join('\n') || '    none'}
${tryLine(url, apiKey, workflows)}
`
}

function describe(workflow: Report['workflows'][number]): string {
  return workflow.problem === null ? signatureOf(workflow) : `can't run: ${workflow.problem}`
}

import { signatureOf, tryLine } from '@flowscale/gateway/node'
import type { Workflow } from '../options/checkWorkflows.ts'

export function banner({
  url,
  filesUrl,
  apiKey,
  chaos,
  workflows,
}: {
  url: string
  filesUrl: string
  apiKey: string
  chaos: number | undefined
  workflows: readonly Workflow[]
}): string {
  const width = Math.max(...workflows.map(({ id }) => id.length))
  const shown = workflows.map(({ id, name, description, inputs, outputs }) => {
    const signature = { inputs: Object.fromEntries(inputs), outputs: Object.fromEntries(outputs) }
    return {
      id,
      text: description ? `${name}: ${description}` : signatureOf(signature),
      ...signature,
      problem: null,
    }
  })
  return `
  A local FlowScale is running. Ctrl+C stops it.

  page   ${url}/
  API    ${url}
  files  ${filesUrl}
  socket ${url.replace(/^http/, 'ws')}/api/v1/ws
  key    ${apiKey}
${chaos === undefined ? '' : `  chaos  seed ${chaos}: one request in ten meets a fault\n`}
  Workflows
${shown.map(({ id, text }) => `    ${id.padEnd(width)}  ${text}`).join('\n')}
${tryLine(url, apiKey, shown)}
`
}

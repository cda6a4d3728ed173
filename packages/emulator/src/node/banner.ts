import { builtIn } from '../painter/builtIn.ts'

export function banner({
  url,
  filesUrl,
  apiKey,
  chaos,
}: {
  url: string
  filesUrl: string
  apiKey: string
  chaos: number | undefined
}): string {
  const workflows = builtIn().map(({ id, name, description }) => `    ${id}  ${name}: ${description}`)
  return `
  A local FlowScale is running. Ctrl+C stops it.

  page   ${url}/
  API    ${url}
  files  ${filesUrl}
  socket ${url.replace(/^http/, 'ws')}/api/v1/ws
  key    ${apiKey}
${chaos === undefined ? '' : `  chaos  seed ${chaos}: one request in ten meets a fault\n`}
  Workflows
${workflows.join('\n')}

  Try
    curl -H 'X-API-KEY: ${apiKey.replaceAll("'", `'\\''`)}' -F 'text_51536=a lighthouse at dusk' '${url}/api/v1/runs?workflow_id=bncu0a1kipv'

`
}

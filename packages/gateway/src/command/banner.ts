import type { Report } from '../engine.ts'

/** What the command prints once it listens. */
export function banner(url: string, apiKey: string | null, { servers, workflows }: Report): string {
  const width = Math.max(...workflows.map(({ id }) => id.length), 0)
  const lines = workflows.map(({ id, about, problem }) => {
    return `    ${id.padEnd(width)}  ${problem === null ? about : `can't run: ${problem}`}`
  })
  const first = workflows.find(({ problem }) => problem === null)
  const header = apiKey === null ? '' : ` -H 'X-API-KEY: ${apiKey.replaceAll("'", `'\\''`)}'`
  return `
  Your FlowScale is running. Ctrl+C stops it; runs go on in your ComfyUI.

  page    ${url}/
  API     ${url}
  key     ${apiKey ?? 'none: everybody on this machine is let in'}
${servers.map(({ name, about }) => `  server  ${name}: ${about}\n`).join('')}
  Workflows
${lines.join('\n') || '    none'}
${first ? `\n  Try\n    curl${header} -X POST '${url}/api/v1/runs?workflow_id=${encodeURIComponent(first.id)}'\n` : ''}
`
}

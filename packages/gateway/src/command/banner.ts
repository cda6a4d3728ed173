import type { Report } from '../engine.ts'

/** What the command prints once it listens. */
export function banner(url: string, apiKey: string | null, { servers, workflows }: Report): string {
  const width = Math.max(...workflows.map(({ id }) => id.length), 0)
  const lines = workflows.map((workflow) => `    ${workflow.id.padEnd(width)}  ${describe(workflow)}`)
  return `
  Your FlowScale is running. Ctrl+C stops it; runs go on in your ComfyUI.

  page    ${url}/
  API     ${url}
  key     ${apiKey ?? 'none: everybody on this machine is let in'}
${servers.map(({ name, about }) => `  server  ${name}: ${about}\n`).join('')}
  Workflows
${lines.join('\n') || '    none'}
${tryIt(url, apiKey, workflows)}
`
}

function describe({ inputs, outputs, problem }: Report['workflows'][number]): string {
  if (problem !== null) return `can't run: ${problem}`
  const taken = Object.entries(inputs).map(([name, { kind, required }]) => {
    return `${name}${required ? '' : '?'}: ${kind}`
  })
  const given = Object.entries(outputs).map(([name, kind]) => `${name}: ${kind}`)
  return `(${taken.join(', ')}) → ${given.join(', ')}`
}

const isText = ({ kind }: { kind: string }): boolean => kind === 'string'

/** The first workflow that runs as the line stands. */
function tryIt(url: string, apiKey: string | null, workflows: Report['workflows']): string {
  const isReady = ({ inputs, problem }: Report['workflows'][number]): boolean =>
    problem === null && Object.values(inputs).every((input) => !input.required || isText(input))
  const ready = workflows.filter(isReady)
  const first = ready.find(({ inputs }) => Object.values(inputs).some(isText)) ?? ready[0]
  if (!first) return ''
  const key = apiKey === null ? [] : [`-H 'X-API-KEY: ${apiKey.replaceAll("'", `'\\''`)}'`]
  const texts = Object.entries(first.inputs).filter(([, input]) => isText(input))
  const required = texts.filter(([, input]) => input.required)
  // A text that is optional may be a choice, which takes no other.
  const sent = required.length > 0 ? required : texts.slice(0, 1)
  const form = sent.map(([name]) => `-F '${name}=a lighthouse at dusk'`)
  const address = `'${url}/api/v1/runs?workflow_id=${encodeURIComponent(first.id)}'`
  return `\n  Try\n    ${['curl -X POST', ...key, ...form, address].join(' ')}\n`
}

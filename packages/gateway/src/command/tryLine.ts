import type { Report } from '../engine.ts'

const escaped = (text: string): string => text.replaceAll("'", `'\\''`)
const isText = ({ kind }: { kind: string }): boolean => kind === 'string'

/** A `curl` line for the first workflow that runs as the line stands, or nothing. */
export function tryLine(url: string, apiKey: string | null, workflows: Report['workflows']): string {
  const isReady = ({ inputs, problem }: Report['workflows'][number]): boolean =>
    problem === null && Object.values(inputs).every((input) => !input.required || isText(input))
  const ready = workflows.filter(isReady)
  const first = ready.find(({ inputs }) => Object.values(inputs).some(isText)) ?? ready[0]
  if (!first) return ''
  const key = apiKey === null ? [] : [`-H 'X-API-KEY: ${escaped(apiKey)}'`]
  const texts = Object.entries(first.inputs).filter(([, input]) => isText(input))
  const required = texts.filter(([, input]) => input.required)
  // A text that is optional may be a choice, which takes no other.
  const sent = required.length > 0 ? required : texts.slice(0, 1)
  const form = sent.map(([name]) => `-F '${escaped(name)}=a lighthouse at dusk'`)
  const address = `'${url}/api/v1/runs?workflow_id=${encodeURIComponent(first.id)}'`
  return `\n  Try\n    ${['curl -X POST', ...key, ...form, address].join(' ')}\n`
}

import type { Report } from '../engine.ts'
import { brokenBy } from '../http/answers.ts'
import type { HttpApi } from '../http/types.ts'

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

/** The inputs and outputs of a workflow on a line: `(prompt: string, seed?: number) → image: image`. */
export function signatureOf({
  inputs,
  outputs,
}: Pick<Report['workflows'][number], 'inputs' | 'outputs'>): string {
  const taken = Object.entries(inputs).map(([name, { kind, required }]) => {
    return `${name}${required ? '' : '?'}: ${kind}`
  })
  const given = Object.entries(outputs).map(([name, kind]) => `${name}: ${kind}`)
  return `(${taken.join(', ')}) → ${given.join(', ')}`
}

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

/** The same HTTP API, which logs one line for each request. */
export function logged<T extends Pick<HttpApi, 'handle'>>(api: T, log: (line: string) => void): T {
  return {
    ...api,
    async handle(...[request, where]: Parameters<HttpApi['handle']>) {
      const start = performance.now()
      const { pathname, search } = new URL(request.url)
      // The query of a file link is its signature.
      const path = pathname.startsWith('/generations/') ? pathname : pathname + withoutKey(search)
      const what = `${request.method} ${where.files ? `(files) ${pathname}` : path}`
      const say = (result: string): void =>
        log(`${what} ${result} ${Math.round(performance.now() - start)} ms`)
      try {
        const response = await api.handle(request, where)
        say(String(response.status))
        return response
      } catch (error) {
        say(brokenBy(error) ? 'broken off' : 'aborted')
        throw error
      }
    },
  }
}

/** A WebSocket takes the key in its query. */
function withoutKey(search: string): string {
  const isKey = (part: string): boolean =>
    [...new URLSearchParams(part).keys()].some((name) => name.toLowerCase() === 'api_key')
  return search.replace(/[^?&]+/g, (part) => (isKey(part) ? 'api_key=…' : part))
}

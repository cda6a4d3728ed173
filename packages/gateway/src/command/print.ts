// The texts that a command prints: the banner, and a line for each request.
import { clean } from '../clean.ts'
import type { Caller, Report } from '../engine.ts'
import { brokenBy } from '../http/answers.ts'
import type { HttpApi } from '../http/types.ts'

export function banner(
  url: string,
  apiKey: string | null | undefined,
  { servers, workflows }: Report,
  facts: { readonly [Name in 'keys' | 'queue' | 'files' | 'worker' | 'metrics']?: string | undefined } = {},
): string {
  const lines = listLines(workflows.map((workflow) => [workflow.id, describe(workflow)]))
  const key = apiKey === null ? 'none: everybody on this machine can use the API' : apiKey
  const rows = Object.entries({ key, ...facts })
  for (const { name, about } of servers) rows.push(['server', clean(`${name}: ${about}`)])
  const about = rows.map(([name, text]) => (text ? `  ${name.padEnd(7)} ${text}\n` : ''))
  return `
  The gateway is running. Ctrl+C stops it; runs ${facts.queue ? 'that wait stay in the queue' : 'go on in your ComfyUI'}.

  page    ${url}/
  API     ${url}
${about.join('')}
  Workflows
${lines || '    none yet: save one from ComfyUI into the folder'}
${tryLine(url, apiKey, workflows)}
`
}

/** Lines of two columns. */
export function listLines(rows: readonly (readonly [id: string, text: string])[]): string {
  const width = Math.max(...rows.map(([id]) => clean(id).length), 0)
  return rows.map(([id, text]) => `    ${clean(id).padEnd(width)}  ${clean(text)}`).join('\n')
}

const describe = (workflow: ReportedWorkflow): string =>
  workflow.problem === null ? signatureOf(workflow) : `can't run: ${workflow.problem}`

type ReportedWorkflow = Report['workflows'][number]

/** The inputs and outputs of a workflow on a line: `(prompt: string, seed?: number) → image: image`. */
export function signatureOf({ inputs, outputs }: Pick<ReportedWorkflow, 'inputs' | 'outputs'>): string {
  const parameters = Object.entries(inputs).map(([name, { kind, required }]) => {
    return `${name}${required ? '' : '?'}: ${kind}`
  })
  const results = Object.entries(outputs).map(([name, kind]) => `${name}: ${kind}`)
  return `(${parameters.join(', ')}) → ${results.join(', ')}`
}

// A file of keys has only hashes.
const KEY_OF_CALLER = '"X-API-KEY: $FLOWSCALE_API_KEY"'

/** A `curl` line for the first workflow that runs with nothing but texts, or no line. */
export function tryLine(
  url: string,
  apiKey: string | null | undefined,
  workflows: readonly ReportedWorkflow[],
): string {
  const isText = ({ kind }: { kind: string }): boolean => kind === 'string'
  const ready = workflows.filter(({ inputs, problem }) => {
    return problem === null && Object.values(inputs).every((input) => !input.required || isText(input))
  })
  const first = ready.find(({ inputs }) => Object.values(inputs).some(isText)) ?? ready[0]
  if (!first) return ''
  const texts = Object.entries(first.inputs).filter(([, input]) => isText(input))
  const required = texts.filter(([, input]) => input.required)
  // Only one optional text: another may be a choice, which does not take this value.
  const chosen = required.length > 0 ? required : texts.slice(0, 1)
  const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`
  const words = [
    'curl -X POST',
    ...(apiKey === null ? [] : [`-H ${apiKey ? quote(`X-API-KEY: ${apiKey}`) : KEY_OF_CALLER}`]),
    ...chosen.map(([name]) => `-F ${quote(`${name}=a lighthouse at dusk`)}`),
    quote(`${url}/api/v1/runs?workflow_id=${encodeURIComponent(first.id)}`),
  ]
  return `\n  Try\n    ${clean(words.join(' '))}\n`
}

/** The same HTTP API, which logs one line for each request, without its own key and `moreKeys`. */
export function logged<T extends Pick<HttpApi, 'handle' | 'apiKey'>>(
  api: T,
  log: (line: string, fields: Readonly<Record<string, unknown>>) => void,
  ...moreKeys: (string | undefined)[]
): T {
  return {
    ...api,
    async handle(...[request, where]: Parameters<HttpApi['handle']>) {
      const start = performance.now()
      const { pathname, search } = new URL(request.url)
      // Workers ask for news all the time, and so does Prometheus.
      const isNews = pathname.startsWith('/api/v1/worker/') || pathname === '/metrics'
      const isProbe = pathname === '/healthz' || pathname === '/readyz'
      // The query of a file link is its signature.
      const isFile = where.files || pathname.startsWith('/generations/')
      const path = withoutKeys(isFile ? pathname : pathname + search, api.apiKey, ...moreKeys)
      const { method } = request
      let key: string | undefined
      const onCaller = ({ owner }: Caller): void => {
        key = owner
      }
      const logEnd = (status: string | number): void => {
        const ms = Math.round(performance.now() - start)
        const who = key === undefined ? '' : ` (${key})`
        const line = `${method} ${where.files ? '(files) ' : ''}${path} ${status} ${ms} ms${who}`
        log(line, { method, path, status, ms, key })
      }
      try {
        const response = await api.handle(request, { ...where, onCaller })
        if (!isProbe && (!isNews || !response.ok)) logEnd(response.status)
        return response
      } catch (error) {
        if (!isNews) logEnd(brokenBy(error) ? 'broken off' : 'aborted')
        throw error
      }
    },
  }
}

/**
 * A path and query without keys: no parameter with the name of a key, as WebSockets have it, no address of a webhook,
 * which may hold a token, and no value that is a key.
 */
export function withoutKeys(target: string, ...keys: (string | null | undefined)[]): string {
  const known = keys.filter((key) => typeof key === 'string')
  const isKey = (text: string): boolean =>
    /fsk_[\w-]{8}/.test(text) || known.some((key) => text.includes(key))
  return known
    .reduce((text, key) => text.replaceAll(key, '…'), target)
    .split('&')
    .map(withoutValue)
    .join('&')
    .replace(/[^/?&=]+/g, (part) => (isKey(decode(part)) ? '…' : part))
}

/** A part of a query. An address that was not encoded has a "?" of its own. */
function withoutValue(part: string): string {
  const all = [...part.matchAll(/(?:^|\?)([^?=]*)=/g)]
  const found = all.find(([, name]) => /^((x[-_]?)?api[-_]?key|webhook_url)$/i.test(decode(name!)))
  return found ? `${part.slice(0, found.index + found[0].length)}…` : part
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

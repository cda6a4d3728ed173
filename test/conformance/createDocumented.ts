// Validates each answer of a server by the OpenAPI document of the server. Node only.
import type { Gateway } from '@flowscale/gateway'
import type { HttpApi } from '@flowscale/gateway/http'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'

type Json = any

export interface Documented {
  /** The same API; its answers are validated as they are read. */
  watch(handle: HttpApi['handle']): HttpApi['handle']
  /** The answers that fitted, by operation and status. */
  readonly counts: ReadonlyMap<string, number>
  /** Throws what did not fit since the last call. */
  report(): void
}

/** The document, where an object has no fields that are not described. */
function closed(value: Json): Json {
  if (Array.isArray(value)) return value.map(closed)
  if (typeof value !== 'object' || value === null) return value
  const copy = Object.fromEntries(Object.entries(value).map(([name, field]) => [name, closed(field)]))
  return copy.type === 'object' && copy.properties ? { additionalProperties: false, ...copy } : copy
}

const pointerOf = (key: string): string => encodeURIComponent(key.replaceAll('~', '~0').replaceAll('/', '~1'))

/** `fetch` reaches a server. */
export async function createDocumented({ fetch, url }: Pick<Gateway, 'fetch' | 'url'>): Promise<Documented> {
  const document: Json = await (await fetch(`${url}/api/v1/openapi.json`)).json()
  const ajv = new Ajv2020({
    allErrors: true,
    allowUnionTypes: true,
    formats: {
      'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/,
      uri: (text: string) => URL.canParse(text),
    },
  })
  for (const keyword of Object.keys(document)) ajv.addKeyword(keyword)
  ajv.addSchema(closed(document), 'document')
  const validators = new Map<string, ValidateFunction>()
  const counts = new Map<string, number>()
  const problems: string[] = []

  function validate(pointer: string, json: string, where: string): void {
    const fits = validators.get(pointer) ?? ajv.compile({ $ref: `document#${pointer}` })
    validators.set(pointer, fits)
    if (!fits(JSON.parse(json)))
      problems.push(`${where}: ${ajv.errorsText(fits.errors)}: ${json.slice(0, 1000)}`)
  }

  /** The path of the document that fits, one without a parameter first. */
  function pathOf(pathname: string): string | undefined {
    const fitting = Object.keys(document.paths).filter((path) =>
      new RegExp(`^${path.replaceAll('.', '\\.').replace(/\{\w+\}/g, '[^/]+')}$`).test(pathname),
    )
    return fitting.find((path) => !path.includes('{')) ?? fitting[0]
  }

  function check(request: { url: string; method: string }, response: Response): Response {
    const { status } = response
    const path = pathOf(new URL(request.url).pathname)
    const method = request.method.toLowerCase()
    const operation = path && document.paths[path][method]
    const where = `${request.method} ${path ?? request.url} ${status}`
    if (!operation) {
      if (path ? status !== 405 && status !== 204 : status !== 404) problems.push(`${where} is not described`)
      return response
    }
    const own = operation.responses[status]
    if (!own) {
      problems.push(`${where} is not described`)
      return response
    }
    const pointer: string = own.$ref?.slice(1) ?? `/paths/${pointerOf(path)}/${method}/responses/${status}`
    const { content = {} } = own.$ref ? document.components.responses[own.$ref.split('/').at(-1)] : own
    const type = response.headers.get('content-type') ?? ''
    const [wanted = ''] = Object.keys(content)
    const isFile = wanted.endsWith('/*')
    if (isFile ? !type : type !== wanted) problems.push(`${where} has the type "${type}"`)
    const seen = `${operation.operationId} ${status}`
    counts.set(seen, (counts.get(seen) ?? 0) + 1)
    if (!response.body || isFile) return response
    const decoder = new TextDecoder()
    let text = ''
    const reading = new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        controller.enqueue(chunk)
        text += decoder.decode(chunk, { stream: true })
      },
      flush() {
        if (type === 'application/json') validate(`${pointer}/content/application~1json/schema`, text, where)
        for (const [, event] of type === 'text/event-stream' ? text.matchAll(/^data: (.*)$/gm) : [])
          validate('/components/schemas/RunUpdate', event!, where)
      },
    })
    return new Response(response.body.pipeThrough(reading), response)
  }

  return {
    counts,
    watch: (handle) => async (request, where) => check(request, await handle(request, where)),
    report() {
      const found = problems.splice(0)
      if (found.length) throw new Error(`not as the document says:\n${found.slice(0, 3).join('\n')}`)
    },
  }
}

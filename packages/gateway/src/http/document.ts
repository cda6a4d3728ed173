// The OpenAPI document of a server, made from the table of operations.
import { mayRun, type Workflow } from '../engine.ts'
import { keyOf } from './access.ts'
import { json, refuseKey } from './answers.ts'
import { type DataName, type OperationRow, operations, operationsOf, type Parameters } from './operations.ts'
import { inputsOf, objectOf, refTo, type Schema, type SchemaName, schemasOf } from './schemas.ts'
import type { ApiRequest, RunningApi } from './types.ts'

/** Describes the API, and with the key also each workflow that can run. */
export async function getDocument(call: ApiRequest): Promise<Response> {
  const { api, request, filesUrl } = call
  const { dialect, publicUrl, apiKey, engine, oneOrigin, operator, webhooks } = api
  const key = keyOf(request)
  const caller = await api.callerOf(key)
  // Else a key with a typing error would look like a server without workflows.
  if (!caller && key) return refuseKey(dialect, key)
  const all = caller ? await engine.workflows() : []
  const workflows = all.filter(({ id, problem }) => problem === undefined && mayRun(caller!, id))
  const paths: Record<string, Record<string, object>> = {}
  for (const operation of operationsOf(dialect, operator)) {
    const row = operations[operation]
    if (row.ofWebhooks && !webhooks) continue
    // Only the emulator serves files elsewhere.
    const elsewhere = operation === 'downloadOutput' && !oneOrigin && { servers: [{ url: filesUrl }] }
    const described = { ...describe(api, operation, row), ...elsewhere }
    paths[row.path] = { ...paths[row.path], [row.method.toLowerCase()]: described }
  }
  const ids = new Set<string>()
  for (const workflow of workflows) {
    const row = operations.runWorkflow
    const path = row.path.replace('{id}', encodeURIComponent(workflow.id))
    paths[path] = { post: describeRun(api, row, workflow, ids) }
  }
  const schemes = {
    key: { type: 'apiKey', in: 'header', name: 'X-API-KEY' },
    bearer: { type: 'http', scheme: 'bearer' },
  }
  return json(200, {
    openapi: '3.1.0',
    info: {
      title: 'FlowScale',
      version: '1',
      description: `ComfyUI workflows as an HTTP API, in the dialect \`${dialect}\`.`,
    },
    servers: [{ url: publicUrl ?? '/' }],
    ...(apiKey !== null && { security: Object.keys(schemes).map((name) => ({ [name]: [] })) }),
    paths,
    ...(webhooks && { webhooks: { runEnded: { post: WEBHOOK } } }),
    components: {
      schemas: schemasOf(dialect),
      responses: errorsOf(),
      ...(apiKey !== null && { securitySchemes: schemes }),
    },
  })
}

/** The request to the address of `webhook_url`. */
const WEBHOOK = {
  operationId: 'runEnded',
  summary:
    'A run has ended. The headers are those of Standard Webhooks, and an event may come again with its `webhook-id`',
  security: [],
  parameters: ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) => ({
    name,
    in: 'header',
    required: true,
    schema: { type: 'string' },
  })),
  requestBody: { required: true, content: { 'application/json': { schema: refTo('WebhookEvent') } } },
  responses: {
    '2XX': { description: 'The event was taken' },
    410: { description: 'No event of this run is sent again' },
    default: { description: 'The event is sent again later' },
  },
}

function describe(api: RunningApi, operation: keyof typeof operations, row: OperationRow): object {
  const { isOpen, about, query = {}, headers = {} } = row
  return {
    operationId: operation,
    summary: about,
    ...(isOpen && { security: [] }),
    parameters: [
      ...[...row.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
        name,
        in: 'path',
        required: true,
        schema: { type: 'string' },
      })),
      ...parametersOf(api, 'query', query),
      ...parametersOf(api, 'header', headers),
    ],
    ...bodyOf(row, () => ({ type: 'object', description: 'The inputs of the workflow by their names' })),
    responses: responsesOf(row),
  }
}

/** Describes the runs of one workflow. */
function describeRun(api: RunningApi, row: OperationRow, workflow: Workflow, ids: Set<string>): object {
  const { id, name, description } = workflow
  const general = describe(api, 'runWorkflow', { ...row, path: '' })
  const start = `run_${id.replace(/\W+/g, '_')}`
  let operationId = start
  for (let number = 2; ids.has(operationId); number++) operationId = `${start}_${number}`
  ids.add(operationId)
  const about = { operationId, summary: name, ...(description && { description }) }
  const body = bodyOf(row, (isForm) => inputsOf(workflow, isForm))
  return { ...general, ...about, ...body }
}

function parametersOf(
  { dialect, longestList, engine, webhooks }: RunningApi,
  where: string,
  rules: Parameters,
): object[] {
  const hasPages = dialect === 'python' || longestList !== undefined
  return Object.entries(rules).flatMap(([name, { about, required, ofPages, ofWebhooks, ...schema }]) => {
    if (
      (ofPages && !hasPages) ||
      (ofWebhooks && !webhooks) ||
      (name === 'Idempotency-Key' && !engine.findKey)
    )
      return []
    return {
      name,
      in: where,
      description: about,
      ...(required?.includes(dialect) && { required: true }),
      schema: { type: 'string', ...schema },
    }
  })
}

function bodyOf({ hasForm, hasJson }: OperationRow, schemaOf: (isForm: boolean) => Schema): object {
  if (!hasForm) return {}
  const content = {
    'multipart/form-data': { schema: schemaOf(true) },
    'application/x-www-form-urlencoded': { schema: schemaOf(true) },
    ...(hasJson && { 'application/json': { schema: schemaOf(false) } }),
  }
  return { requestBody: { content, ...('required' in schemaOf(true) && { required: true }) } }
}

const ERRORS: Readonly<Record<number, string>> = {
  400: 'The request is malformed',
  401: 'The key is missing',
  403: 'The key or the signature is wrong',
  404: 'Nothing has this name',
  409: 'The run has not ended, or has no webhook',
  413: 'The body is too large',
  415: 'The type of the body is unknown',
  422: 'A parameter or an input is wrong. Nothing was started',
  426: 'The address speaks WebSocket',
  429: 'Nothing was started. Send it again after `Retry-After`',
  500: 'The server has a defect',
  502: 'ComfyUI failed. A run may have been started: `data.run_id`',
  503: 'The server or its storage is away',
}

function responsesOf({ about, data, media, also = {}, errors = [], isOpen }: OperationRow): object {
  const answers: Record<number, object> = {}
  if (data) answers[200] = answerOf(about, envelopeOf(data))
  if (media) {
    const schema = { type: media === 'application/json' ? 'object' : 'string' }
    answers[200] = answerOf(about, schema, media)
  }
  for (const [status, description] of Object.entries(also)) answers[Number(status)] = { description }
  for (const status of [...errors, ...(isOpen ? [] : [401, 403]), 500, 503]) {
    const isXml = media === '*/*' && status < 500
    answers[status] = isXml
      ? answerOf(ERRORS[status]!, { type: 'string' }, 'application/xml')
      : { $ref: `#/components/responses/Error${status}` }
  }
  return answers
}

function errorsOf(): object {
  const entries = Object.entries(ERRORS).map(([status, description]) => {
    const schema = status === '422' ? { anyOf: [refTo('InputErrors'), refTo('Error')] } : refTo('Error')
    const isLater = status === '429' || status === '503'
    const headers = { 'Retry-After': { description: 'Seconds', schema: { type: 'integer' } } }
    return [`Error${status}`, { ...answerOf(description, schema), ...(isLater && { headers }) }]
  })
  return Object.fromEntries(entries)
}

const answerOf = (description: string, schema: Schema, media = 'application/json'): object => ({
  description,
  content: { [media]: { schema } },
})

const metas: Readonly<Partial<Record<DataName, SchemaName>>> = {
  Runs: 'Pages',
  Usage: 'UsagePages',
  Workflows: 'Problems',
}

function envelopeOf(data: NonNullable<OperationRow['data']>): Schema {
  const mayFail = data === 'Output'
  const meta = metas[data]
  return objectOf({
    status: { type: 'string', enum: ['success', ...(mayFail ? ['failed'] : [])] },
    data: data === 'Message' ? { type: 'string' } : refTo(data),
    'errors?': mayFail && { type: 'array', items: { type: 'string' } },
    'meta?': meta !== undefined && refTo(meta),
  })
}

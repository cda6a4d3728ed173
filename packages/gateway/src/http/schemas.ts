// The forms of answers in each dialect, and of the inputs of a workflow, as JSON Schema.
import { INPUT_ROLES, type Input, isFileKind, KINDS, type Workflow } from '../engine.ts'
import type { DataName, Dialect } from './operations.ts'

export type Schema = Readonly<Record<string, unknown>>

/** The schemas of answers, and of what comes by events and by the WebSocket. */
export type SchemaName =
  | Exclude<DataName, 'Message'>
  | 'Pages'
  | 'UsagePages'
  | 'Problems'
  | 'Error'
  | 'InputErrors'
  | 'RunUpdate'
  | 'WebhookEvent'
  | 'RunMessage'
  | 'Subscription'

export const refTo = (name: SchemaName): Schema => ({ $ref: `#/components/schemas/${name}` })

const text: Schema = { type: 'string' }
const count: Schema = { type: 'integer', minimum: 0 }
const scalar: Schema = { type: ['string', 'number', 'boolean'] }
const time: Schema = { type: 'string', format: 'date-time' }
const day: Schema = { type: 'string', format: 'date' }
const oneOf = (...words: readonly string[]): Schema => ({ type: 'string', enum: words })
const listOf = (items: Schema): Schema => ({ type: 'array', items })
const orNull = (schema: Schema): Schema => ({ ...schema, type: [schema.type, 'null'].flat() })
const mapOf = (additionalProperties: Schema): Schema => ({ type: 'object', additionalProperties })

/** An object. Fields whose names end with `?` may be missing; those without a schema are not there at all. */
export function objectOf(fields: Readonly<Record<string, Schema | false>>): Schema {
  const there = Object.entries(fields).filter(([, schema]) => schema)
  const required = there.map(([name]) => name).filter((name) => !name.endsWith('?'))
  const properties = Object.fromEntries(there.map(([name, schema]) => [name.replace('?', ''), schema]))
  return { type: 'object', properties, ...(required.length > 0 && { required }) }
}

const pages = { page: count, page_size: count, total_count: count, total_pages: count }

const place: Schema = {
  type: 'array',
  prefixItems: [{ type: 'number' }, text],
  // Several tools know no `false` here.
  items: {},
  minItems: 2,
  maxItems: 2,
}

export function schemasOf(dialect: Dialect): Readonly<Record<SchemaName, Schema>> {
  const [isReadme, isOpenapi, isPython] = [dialect === 'readme', dialect === 'openapi', dialect === 'python']
  const server = !isOpenapi && text
  const status = oneOf('queued', 'running', 'completed', 'failed', 'cancelled')
  const progress = { type: 'number', minimum: 0, maximum: 1 }
  const atWork = {
    progress,
    'position?': count,
    'node?': text,
    'preview?': text,
  }
  const names = listOf(text)
  const s3Key = isPython && orNull(text)
  const run = {
    'team_id?': isPython && text,
    workflow_id: text,
    'group_id?': !isReadme && orNull(text),
    status,
    inputs: listOf(
      objectOf({
        path: text,
        value: { anyOf: [scalar, listOf(scalar)] },
        's3_key?': s3Key,
        'url?': isPython && orNull(text),
      }),
    ),
    'output_names?': !isReadme && names,
    outputs: listOf(
      objectOf({ filename: text, 's3_key?': s3Key, url: { ...text, format: 'uri' }, 'text?': text }),
    ),
    created_at: time,
    started_at: orNull(time),
    completed_at: orNull(time),
    ...atWork,
    'error?': text,
    'waits_for?': text,
  }
  const details = objectOf({
    'required?': { type: 'boolean', default: true },
    'array?': { type: 'boolean', default: false },
    'integer?': { type: 'boolean', default: false },
    'default?': scalar,
    'min?': { type: 'number' },
    'max?': { type: 'number' },
    'options?': listOf(scalar),
    'description?': text,
    'role?': oneOf(...INPUT_ROLES),
  })
  const { inputs, 'waits_for?': waitsFor, workflow_id: _, 'group_id?': __, 'preview?': ___, ...event } = run
  const ids = { _id: text, workflow_id: text, group_id: orNull(text) }
  const webhook = objectOf({
    status: oneOf('pending', 'delivered', 'failed'),
    attempts: count,
    last_status: orNull({ type: 'integer' }),
  })
  const submitted = objectOf({ run_id: text, workflow_id: text })
  const runs = listOf(objectOf({ _id: text, ...run }))
  const problem = objectOf({ loc: listOf({ type: ['string', 'integer'] }), msg: text, type: text })
  const detail = { detail: text, 'data?': objectOf({ 'run_id?': text }) }
  return {
    Containers: listOf(
      objectOf({
        container: server,
        url: !isReadme && text,
        status: oneOf(...(isReadme ? ['idle'] : []), 'running', 'stalled', 'stopped'),
        'reason?': text,
      }),
    ),
    Queues: listOf(
      objectOf({
        container: server,
        comfy_uri: !isReadme && text,
        'reason?': text,
        queue: objectOf({
          queue_running: listOf(place),
          queue_pending: listOf(place),
          'queue_remaining?': count,
        }),
      }),
    ),
    Workflows: isPython ? objectOf({ workflows: listOf(refTo('Workflow')) }) : listOf(refTo('Workflow')),
    Workflow: objectOf({
      [isPython ? 'workflow_id' : 'id']: text,
      name: text,
      description: text,
      inputs: isPython ? mapOf(oneOf(...KINDS)) : { ...text, contentMediaType: 'application/json' },
      outputs: isPython ? names : { ...text, contentMediaType: 'application/json' },
      'input_details?': mapOf(details),
      'names_files?': { type: 'boolean' },
    }),
    Submitted: isReadme
      ? objectOf({
          number: { type: 'number' },
          node_errors: { type: 'object' },
          output_names: names,
          run_id: text,
        })
      : isOpenapi
        ? { ...listOf(submitted), minItems: 1, maxItems: 1 }
        : submitted,
    Started: objectOf({ run_id: text, '_id?': !isOpenapi && text, ...run }),
    Output: objectOf({
      download_url: orNull({ ...text, format: 'uri' }),
      generation_status: oneOf('success', 'failed'),
      'text?': text,
    }),
    Run: objectOf({ _id: !isOpenapi && text, ...run, 'webhook?': webhook }),
    Runs: isPython ? objectOf({ runs }) : objectOf({ group_id: orNull(text), count, runs }),
    Pages: objectOf({ sort_by: text, sort_order: text, group_id: orNull(text), ...pages }),
    Usage: listOf(
      objectOf({
        day,
        key: orNull(text),
        workflow_id: text,
        completed: count,
        failed: count,
        cancelled: count,
        gpu_seconds: { type: 'number', minimum: 0 },
      }),
    ),
    UsagePages: objectOf({ from: day, to: day, ...pages }),
    Problems: objectOf({ problems: listOf(objectOf({ id: text, problem: text })) }),
    Error: isReadme
      ? {
          anyOf: [
            objectOf({ status: oneOf('error'), errors: names, 'data?': objectOf({ 'run_id?': text }) }),
            objectOf(detail),
          ],
        }
      : objectOf(detail),
    InputErrors: objectOf({ detail: listOf(problem) }),
    RunUpdate: objectOf({ run_id: text, status, ...atWork, output_names: names }),
    WebhookEvent: objectOf({
      type: oneOf('run.completed', 'run.failed', 'run.cancelled'),
      timestamp: time,
      data: objectOf({ ...event, ...ids, outputs_total: count }),
    }),
    RunMessage: objectOf({ type: oneOf('run_status_update'), data: refTo('RunUpdate') }),
    Subscription: objectOf({
      type: oneOf('client_event'),
      data: objectOf({ action: oneOf('subscribe', 'unsubscribe'), runId: text }),
    }),
  }
}

/** More choices would make the document long. */
const MOST_CHOICES = 60

/** The inputs of a workflow as an object: JSON, or the fields of a form. */
export function inputsOf({ inputs }: Workflow, isForm: boolean): Schema {
  const entries = [...inputs].map(([name, input]) => [name, inputOf(input, isForm)] as const)
  const required = [...inputs].filter(([, input]) => input.required).map(([name]) => name)
  return {
    type: 'object',
    properties: Object.fromEntries(entries),
    ...(required.length > 0 && { required }),
    additionalProperties: false,
  }
}

function inputOf(input: Input, isForm: boolean): Schema {
  const { array, description = '', default: preset } = input
  const isFile = isFileKind(input.kind)
  const file = isForm ? 'A file, a `data:` URL or the URL of a file' : 'A `data:` URL, or the URL of a file'
  const about = [description, isFile && `${file} (${input.kind})`].filter(Boolean).join('\n\n')
  const value = choiceOf(input, isForm)
  return {
    ...(array ? listOf(value) : value),
    ...(about && { description: about }),
    // The default of a file is a file of the server.
    ...(preset !== undefined && !isFile && { default: preset }),
  }
}

function choiceOf({ kind, integer, min, max, options }: Input, isForm: boolean): Schema {
  if (isFileKind(kind)) return isForm ? { type: 'string', format: 'binary' } : text
  const most = integer ? Number.MAX_SAFE_INTEGER : Number.POSITIVE_INFINITY
  return {
    type: integer ? 'integer' : kind,
    ...(min !== undefined && { minimum: Math.max(min, -most) }),
    ...(max !== undefined && { maximum: Math.min(max, most) }),
    ...(options && options.length <= MOST_CHOICES && { enum: options }),
  }
}

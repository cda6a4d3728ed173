// Every operation of the HTTP API, as data: routes, checks of queries, faults of the emulator and the OpenAPI document read it.

/** The forms of the API, from three sources: the published README, the OpenAPI document and the Python SDK. */
export type Dialect = 'readme' | 'openapi' | 'python'

export const DIALECTS: readonly Dialect[] = ['readme', 'openapi', 'python']

export type Operation = (typeof OPERATIONS)[number]

/** The operations that every server has in some dialect. */
export const OPERATIONS = [
  'getDocument',
  'checkHealth',
  'getQueue',
  'getWorkflows',
  'getWorkflow',
  'executeWorkflow',
  'runWorkflow',
  'getRuns',
  'getOutput',
  'getRun',
  'getPreview',
  'cancelRun',
  'resendWebhook',
  'connectEvents',
  'connectWebSocket',
  'downloadOutput',
] as const

/** The operations for operators, which only a gateway has: an API with an `operator`. */
export type GatewayOperation =
  | 'checkAlive'
  | 'checkReady'
  | 'getMetrics'
  | 'getUsage'
  | 'pauseServer'
  | 'resumeServer'

/** A parameter of a query, or a header. A text that is empty counts as not sent. */
export interface Parameter {
  readonly about: string
  /** In which dialects it must be sent. Default: in none */
  readonly required?: readonly Dialect[]
  /** Default: a text */
  readonly type?: 'integer'
  readonly format?: 'date'
  readonly enum?: readonly string[]
  readonly minimum?: number
  readonly maximum?: number
  readonly default?: string | number
  /** Ignored by a server whose lists have no pages. */
  readonly ofPages?: true
  /** Refused by a server without webhooks. */
  readonly ofWebhooks?: true
}

export type Parameters = Readonly<Record<string, Parameter>>

/** The forms of `data` in answers, which differ by dialect. */
export type DataName =
  | 'Containers'
  | 'Queues'
  | 'Workflows'
  | 'Workflow'
  | 'Submitted'
  | 'Started'
  | 'Output'
  | 'Run'
  | 'Runs'
  | 'Message'
  | 'Usage'

export interface OperationRow {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly about: string
  /** Needs no key. */
  readonly isOpen?: true
  /** Needs the key of an admin; other keys get a 403. */
  readonly isForAdmins?: true
  /** Of no use on a server without webhooks. */
  readonly ofWebhooks?: true
  /** The dialects without it. */
  readonly lackedBy?: readonly Dialect[]
  readonly query?: Parameters
  readonly headers?: Parameters
  /** Takes the form of a submission. */
  readonly hasForm?: true
  /** Takes the inputs as JSON instead of a form. */
  readonly hasJson?: true
  /** The `data` of an answer of 200 in the envelope of the API. */
  readonly data?: DataName
  /** The media type of an answer of 200 without that envelope. */
  readonly media?: string
  /** Other answers that are no errors. */
  readonly also?: Readonly<Record<number, string>>
  /** The errors that are its own. Any operation may be answered with 500 or 503, and with a key also with 401 or 403. */
  readonly errors?: readonly number[]
}

const page = {
  about: 'The number of the page',
  type: 'integer',
  minimum: 1,
  maximum: Number.MAX_SAFE_INTEGER,
  default: 1,
} as const

const group = { about: 'The runs of one visitor or job' }

const webhook = {
  about:
    'The address that gets the webhook `runEnded` at the end of the run. A server without webhooks refuses it',
  ofWebhooks: true,
} as const

const previews = {
  about:
    '`1` asks for pictures of the run while it is made. States of the run link to the latest one in `preview`',
  enum: ['1'],
}

const key = {
  'Idempotency-Key': {
    about:
      'A random text of up to 255 visible ASCII characters: each key makes one run. Refused by a server that keeps no keys',
  },
}

const wait = {
  Prefer: {
    about:
      '`wait=60` waits for the end of the run, for so many seconds, 300 at most; `wait` alone, for 50. The answer is a 200 in any case: `status` says whether the run has ended',
  },
}

/** Of two paths that fit a request, the first one counts. */
export const operations: Readonly<Record<Operation | GatewayOperation, OperationRow>> = {
  getDocument: {
    method: 'GET',
    path: '/api/v1/openapi.json',
    about: 'This document. With a key, also each workflow with its inputs',
    isOpen: true,
    media: 'application/json',
    errors: [403],
  },
  checkHealth: {
    method: 'GET',
    path: '/api/v1/comfy/health',
    about: 'The state of each server that makes runs',
    data: 'Containers',
  },
  getQueue: {
    method: 'GET',
    path: '/api/v1/comfy/queue',
    about: 'The runs at work, and those that wait',
    data: 'Queues',
  },
  getWorkflows: {
    method: 'GET',
    path: '/api/v1/comfy/workflows',
    about: 'The workflows that can run',
    lackedBy: ['openapi'],
    data: 'Workflows',
  },
  getWorkflow: {
    method: 'GET',
    path: '/api/v1/workflows/{id}',
    about: 'One workflow',
    lackedBy: ['openapi'],
    data: 'Workflow',
    errors: [404],
  },
  executeWorkflow: {
    method: 'POST',
    path: '/api/v1/runs',
    about: 'Starts a run',
    query: {
      workflow_id: { about: 'The id of the workflow', required: DIALECTS },
      group_id: group,
      webhook_url: webhook,
      previews,
    },
    headers: key,
    hasForm: true,
    data: 'Submitted',
    errors: [400, 413, 422, 429, 502],
  },
  runWorkflow: {
    method: 'POST',
    path: '/api/v1/workflows/{id}/runs',
    about: 'Starts a run',
    query: { group_id: group, webhook_url: webhook, previews },
    headers: { ...key, ...wait },
    hasForm: true,
    hasJson: true,
    data: 'Started',
    errors: [400, 404, 413, 415, 422, 429, 502],
  },
  getRuns: {
    method: 'GET',
    path: '/api/v1/runs',
    about: 'The runs of a group, or all runs',
    query: {
      group_id: { ...group, required: ['openapi'] },
      sort_by: {
        about: 'The time by which runs are sorted',
        enum: ['created_at', 'started_at', 'completed_at'],
        default: 'created_at',
        ofPages: true,
      },
      sort_order: { about: 'The order of the runs', enum: ['asc', 'desc'], default: 'desc', ofPages: true },
      page: { ...page, ofPages: true },
      page_size: {
        about: 'The runs of a page',
        type: 'integer',
        minimum: 1,
        maximum: 100,
        default: 10,
        ofPages: true,
      },
    },
    data: 'Runs',
    errors: [422],
  },
  getOutput: {
    method: 'GET',
    path: '/api/v1/runs/output',
    about: 'A link to an output',
    query: {
      filename: { about: 'The name of the output, with or without its extension', required: DIALECTS },
    },
    data: 'Output',
    also: { 204: 'The output is not ready yet' },
    errors: [404, 422],
  },
  getRun: {
    method: 'GET',
    path: '/api/v1/runs/{id}',
    about: 'The state of a run, with links to its outputs',
    headers: wait,
    data: 'Run',
    errors: [404],
  },
  getPreview: {
    method: 'GET',
    path: '/api/v1/runs/{id}/preview',
    about:
      'The latest picture of a run at work. Use links as they come in `preview`, which are signed and need no key',
    isOpen: true,
    query: {
      number: { about: 'The number of the picture that was the latest', required: DIALECTS },
      expires: { about: 'The end of the link', required: DIALECTS },
      signature: { about: 'The signature of the link', required: DIALECTS },
    },
    media: 'image/*',
    errors: [403, 404, 422],
  },
  cancelRun: {
    method: 'POST',
    path: '/api/v1/runs/{id}/cancel',
    about: 'Cancels a run, unless it has ended',
    lackedBy: ['openapi'],
    data: 'Message',
    errors: [404, 502],
  },
  resendWebhook: {
    method: 'POST',
    path: '/api/v1/runs/{id}/webhook/resend',
    about: 'Sends the webhook of a run that has ended again, with the same `webhook-id`',
    ofWebhooks: true,
    data: 'Message',
    errors: [404, 409],
  },
  connectEvents: {
    method: 'GET',
    path: '/api/v1/runs/{id}/events',
    about: 'The state of a run, and each change until its end, as server-sent events: each has a `RunUpdate`',
    lackedBy: ['openapi'],
    headers: { 'Last-Event-ID': { about: 'The id of the last event that came. Browsers send it' } },
    media: 'text/event-stream',
    also: { 204: 'The event of the end has come already' },
    errors: [404],
  },
  connectWebSocket: {
    method: 'GET',
    path: '/api/v1/ws',
    about: 'The states of runs over a WebSocket. A request without a handshake gets a 426',
    query: { api_key: { about: 'The key, where a client sends no headers' } },
    also: { 101: 'Each message that comes is a `RunMessage`, and each that is sent a `Subscription`' },
    errors: [426],
  },
  downloadOutput: {
    method: 'GET',
    path: '/generations/{id}/{filename}',
    about: 'An output. Use links as they come in answers, which are signed, and send no key there',
    isOpen: true,
    query: {
      expires: { about: 'The end of the link', required: DIALECTS },
      signature: { about: 'The signature of the link', required: DIALECTS },
    },
    media: '*/*',
    also: {
      206: 'The part that `Range` asks for',
      302: 'The file is elsewhere',
      304: 'The file has not changed',
      416: 'The file has no such part',
    },
    errors: [400, 403, 404],
  },
  checkAlive: {
    method: 'GET',
    path: '/healthz',
    about: 'Whether the gateway is alive',
    isOpen: true,
    media: 'application/json',
  },
  checkReady: {
    method: 'GET',
    path: '/readyz',
    about: 'Whether the gateway can take runs. A 503 gives the reasons in `reasons`',
    isOpen: true,
    media: 'application/json',
  },
  getMetrics: {
    method: 'GET',
    path: '/metrics',
    about: 'Figures of the gateway and its queue, in the text format of Prometheus',
    isForAdmins: true,
    media: 'text/plain',
  },
  getUsage: {
    method: 'GET',
    path: '/api/v1/usage',
    about: 'How many runs ended, and their GPU time, by day, key and workflow. An admin sees all keys',
    query: {
      from: { about: 'The first day, in UTC. By default 30 days are counted', format: 'date' },
      to: { about: 'The last day, today by default. 400 days are counted at most', format: 'date' },
      page,
      page_size: { about: 'The rows of a page', type: 'integer', minimum: 1, maximum: 1000, default: 1000 },
    },
    data: 'Usage',
    errors: [400, 422],
  },
  pauseServer: {
    method: 'POST',
    path: '/api/v1/servers/{id}/pause',
    about: 'Lets a server end its run, and take no other until it is resumed',
    isForAdmins: true,
    data: 'Message',
    errors: [400, 404],
  },
  resumeServer: {
    method: 'POST',
    path: '/api/v1/servers/{id}/resume',
    about: 'Lets a paused server take runs again',
    isForAdmins: true,
    data: 'Message',
    errors: [400, 404],
  },
}

/** The operations of an API of this kind. */
export const operationsOf = (
  dialect: Dialect,
  operator: object | undefined,
): readonly (Operation | GatewayOperation)[] =>
  (Object.keys(operations) as (Operation | GatewayOperation)[]).filter(
    (operation) =>
      (operator || OPERATIONS.some((one) => one === operation)) &&
      !operations[operation].lackedBy?.includes(dialect),
  )

// What the types of the client promise, field by field, written down a second time.

/** Gives what is wrong with a value, a line each. */
type Promised = (value: unknown, path: string) => string[]

const is =
  (what: string, fits: (value: unknown) => boolean): Promised =>
  (value, path) => {
    if (fits(value)) return []
    let shown = typeof value as string
    try {
      shown = JSON.stringify(value)?.slice(0, 80) ?? shown
    } catch {}
    return [`${path} is ${shown}, not ${what}`]
  }
const any: Promised = () => []
const string = is('a string', (value) => typeof value === 'string')
const number = is('a number', (value) => typeof value === 'number' && !Number.isNaN(value))
const there = is('there', (value) => value !== undefined)
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const record = is('an object', isRecord)
const oneOf =
  (...words: unknown[]): Promised =>
  (value, path) =>
    is(`one of ${words}`, () => words.includes(value))(value, path)
const orNull =
  (promised: Promised): Promised =>
  (value, path) =>
    value === null ? [] : promised(value, path)
const optional =
  (promised: Promised): Promised =>
  (value, path) =>
    value === undefined ? [] : promised(value, path)
const arrayOf =
  (item: Promised): Promised =>
  (value, path) =>
    Array.isArray(value)
      ? value.flatMap((one, index) => item(one, `${path}[${index}]`))
      : [`${path} is no array`]
const shape =
  (fields: Record<string, Promised>): Promised =>
  (value, path) =>
    isRecord(value)
      ? Object.entries(fields).flatMap(([name, promised]) => promised(value[name], `${path}.${name}`))
      : [`${path} is no object`]

export const envelope = (data: Promised): Promised => shape({ status: string, data })

const place: Promised = (value, path) =>
  arrayOf(any)(value, path).concat(
    there(Object(value)[0], `${path}[0]`),
    there(Object(value)[1], `${path}[1]`),
  )
const outputOf = { download_url: orNull(string), generation_status: string }
const output = shape(outputOf)
const namedOutput = shape({ ...outputOf, filename: string })
const part = is('a number from 0 to 1', (value) => (value as number) >= 0 && (value as number) <= 1)
const optionalText = optional(orNull(string))
export const run = shape({
  _id: string,
  status: string,
  progress: optional(part),
  position: optional(number),
  workflow_id: optionalText,
  group_id: optionalText,
  created_at: optionalText,
  started_at: optionalText,
  completed_at: optionalText,
  error: optionalText,
  inputs: arrayOf(shape({ path: optional(string) })),
  outputs: arrayOf(shape({ filename: optional(string), url: optional(orNull(string)) })),
  output_names: optional(arrayOf(string)),
})

const execution = {
  run_id: string,
  workflow_id: optionalText,
  output_names: arrayOf(string),
  node_errors: record,
  number: orNull(number),
}

export const results = {
  checkHealth: envelope(arrayOf(shape({ container: string, status: string, url: optionalText }))),
  getQueue: envelope(
    arrayOf(
      shape({
        container: string,
        comfy_uri: optionalText,
        queue: shape({ queue_running: arrayOf(place), queue_pending: arrayOf(place) }),
      }),
    ),
  ),
  getWorkflows: envelope(
    arrayOf(shape({ id: string, name: string, description: string, inputs: there, outputs: there })),
  ),
  executeWorkflow: envelope(shape({ ...execution, others: optional(arrayOf(shape(execution))) })),
  getOutput: orNull(envelope(output)),
  cancelRun: envelope(there),
  getRun: envelope(run),
  getRuns: envelope(shape({ group_id: orNull(string), count: number, runs: arrayOf(run) })),
  iterateRuns: arrayOf(run),
  downloadOutput: is('a Response', (value) => value instanceof Response),
  waitForRun: run,
  waitForOutput: envelope(output),
  watchRun: arrayOf(run),
  waitForResult: ((value, path) => {
    const isOne = (Object(value).outputs?.length ?? 0) === 1
    return shape({
      status: oneOf('success'),
      runId: string,
      outputs: arrayOf(namedOutput),
      data: isOne ? output : arrayOf(namedOutput),
    })(value, path)
  }) satisfies Promised,
} as const
/** Those that end as others do. */
export const sameAs = {
  executeWorkflowAsync: 'waitForResult',
  executeMany: 'waitForResult',
  createRunWatcher: 'waitForRun',
} as const satisfies Readonly<Record<string, keyof typeof results>>
export type Operation = keyof typeof results | keyof typeof sameAs

const told = { method: oneOf('GET', 'POST'), url: string, status: number }
const response = is('a Response', (value) => typeof Object(value).status === 'number')
const answered = { ...told, body: there, errors: arrayOf(string), requestId: orNull(string) }
const http = {
  ...answered,
  details: arrayOf(shape({ field: string, message: string })),
  retryAfterMs: optional(number),
  response,
}
/** By `name`: the code, and the fields. */
export const errors: Readonly<Record<string, { code: string; fields: Record<string, Promised> }>> = {
  ArgumentError: { code: 'ERR_FLOWSCALE_ARGUMENT', fields: {} },
  NetworkError: { code: 'ERR_FLOWSCALE_NETWORK', fields: { ...told, status: oneOf(0) } },
  TimeoutError: {
    code: 'ERR_FLOWSCALE_TIMEOUT',
    fields: {
      timeoutMs: number,
      reason: optional(oneOf('deadline', 'polls')),
      resume: optional(is('a function', (value) => typeof value === 'function')),
    },
  },
  HttpError: { code: 'ERR_FLOWSCALE_HTTP', fields: http },
  ValidationError: { code: 'ERR_FLOWSCALE_VALIDATION', fields: { ...http, status: oneOf(422) } },
  RedirectError: {
    code: 'ERR_FLOWSCALE_REDIRECT',
    fields: { ...told, status: optional(number), location: optional(string) },
  },
  ResponseError: { code: 'ERR_FLOWSCALE_RESPONSE', fields: { ...answered, response: optional(response) } },
  RunError: {
    code: 'ERR_FLOWSCALE_RUN',
    fields: { status: string, errors: arrayOf(string), run: optional(run) },
  },
}
const base = {
  message: string,
  stack: string,
  runId: optional(string),
  maybeSubmitted: optional(oneOf(true)),
}
const submission = {
  submittedAt: is('a Date', (value) => value instanceof Date),
  workflowId: string,
  groupId: optional(string),
}

/** What is wrong with an error of ours. */
export const ourError: Promised = (error, path) => {
  const { name, code, maybeSubmitted } = error as Record<string, unknown>
  const promised = Object.hasOwn(errors, name as string) ? errors[name as string] : undefined
  if (!promised || promised.code !== code) return [`${path} has the name ${name} and the code ${code}`]
  return shape({ ...base, ...promised.fields, ...(maybeSubmitted ? submission : {}) })(error, path)
}

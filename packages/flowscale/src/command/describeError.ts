import { HttpError, isFlowScaleError, RunError, TimeoutError } from '@flowscale/client'
import { CommandError, exitCodes, type Failure, Interrupted } from './errors.ts'
import { type Call, commandName } from './program.ts'
import { quote } from './terminal/printer.ts'

export interface Described {
  /** Missing after an interruption. */
  readonly failure?: Failure
  readonly exitCode: number
  /** One or two sentences: the cause, and the way on. */
  readonly message: string
  /** For programs: `code`, `message`, and the other facts about the error. */
  readonly fields: Readonly<Record<string, unknown>>
}

/**
 * The description of an error for people and for programs. The call adds the exit code of its interruption, and knows
 * whether its key was sent.
 */
export function describeError(error: unknown, call?: Call): Described {
  if (error instanceof CommandError) {
    const { failure, message, fields } = error
    const described = describe(failure, message, { code: codeOf(failure), ...fields })
    const reason: unknown = call?.signal.reason
    const isInterrupted = failure === 'interrupted' && reason instanceof Interrupted
    return isInterrupted ? { ...described, exitCode: reason.exitCode } : described
  }
  if (error instanceof Interrupted) {
    const { exitCode, message } = error
    return { exitCode, message, fields: { code: 'interrupted', message } }
  }
  if (!isFlowScaleError(error)) {
    const message = error instanceof Error ? error.message : String(error)
    return describe('failed', message, { code: Object(error).code ?? 'failed' })
  }
  const { runId, maybeSubmitted, submittedAt, workflowId, groupId } = error
  const { status, errors, requestId, details } = error as Partial<HttpError>
  const failure = failureOf(error)
  // Only the fields of the body are inputs.
  const problems = details?.map(({ field, message }) => {
    return { input: /^body\.(.+)/.exec(field)?.[1] ?? null, message }
  })
  return describe(failure, withAdvice(error, call), {
    code: error.code,
    ...Object.fromEntries(
      Object.entries({
        status,
        errors,
        problems: failure === 'usage' && problems?.length ? problems : undefined,
        requestId,
        runId,
        maybeSubmitted,
        submittedAt,
        workflowId,
        groupId,
      }).filter(([, value]) => value !== undefined && value !== null),
    ),
  })
}

const describe = (failure: Failure, message: string, fields: Record<string, unknown>): Described => ({
  failure,
  exitCode: exitCodes[failure],
  message,
  fields: { ...fields, message },
})

const codeOf = (failure: Failure): string => failure.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

function failureOf(
  error: Error & { maybeSubmitted?: true | undefined; runId?: string | undefined },
): Failure {
  if (error.maybeSubmitted) return 'maybeSubmitted'
  if (error instanceof RunError) return 'failed'
  if (error instanceof TimeoutError) return error.runId ? 'timedOut' : 'tryAgain'
  if (error instanceof HttpError) {
    const { status } = error
    if (isFromComfyui(error)) return 'notFound'
    if (status === 401 || status === 403) return 'notAuthorised'
    if (status === 404) return 'notFound'
    if (status === 422 || status === 400) return 'usage'
    return status === 408 || status === 425 || status === 429 || status >= 500 ? 'tryAgain' : 'failed'
  }
  if (error.name === 'NetworkError') return 'tryAgain'
  return error.name === 'ArgumentError' ? 'usage' : 'failed'
}

function withAdvice(error: Error, call: Call | undefined): string {
  const { message } = error
  const { maybeSubmitted, groupId, status } = error as {
    maybeSubmitted?: true
    groupId?: string
    status?: number
  }
  if (maybeSubmitted) {
    const found = `${commandName} runs${groupId ? ` --group ${quote(groupId)}` : ''}`
    return `${message}. The run may have been submitted: look for it with "${found}" before you run it again.`
  }
  if (status === 401 || status === 403) return `${message}. ${keyAdvice(call)}`
  if (error instanceof HttpError && isFromComfyui(error)) {
    const { origin } = new URL(error.url)
    return `${origin} is ComfyUI itself. Start the gateway in front of ComfyUI, and use the gateway's address: npx @flowscale/gateway --comfyui ${origin} --workflows DIR`
  }
  if (isMissing(error) && /\/runs\/[^/?]+(?:\/cancel)?$/.test(error.url))
    return `${message}. "${commandName} runs" lists the runs.`
  if (isMissing(error) && error.method === 'GET' && error.url.includes('/api/v1/'))
    return `${message}. Check the address.`
  if (error.name === 'RedirectError')
    return message.replace('correct baseUrl', 'correct --url or FLOWSCALE_API_URL')
  return error.name === 'NetworkError' ? `${message}. Check the address, and that the server runs.` : message
}

function keyAdvice(call: Call | undefined): string {
  const { unusedKey, apiKey } = call?.settings ?? {}
  if (unusedKey)
    return `${unusedKey} was not sent, because the address is set elsewhere: set both in one place, or pass --api-key.`
  const isMissing = call?.settings && !apiKey
  return `${isMissing ? 'No key is set' : 'Check the key'}: --api-key, FLOWSCALE_API_KEY or .env.`
}

/** Whether ComfyUI itself has answered: a 404 without a body, or a 405 with the text of its server, aiohttp. */
function isFromComfyui({ status, body, response }: HttpError): boolean {
  if (status === 405) return body === '405: Method Not Allowed'
  return (
    status === 404 &&
    (body ?? '') === '' &&
    response.headers.get('content-type') === 'application/octet-stream'
  )
}

/** Whether a server lacks the thing that a request names. A 404 of ComfyUI itself does not say so: it lacks the whole API. */
export const isMissing = (error: unknown): error is HttpError =>
  error instanceof HttpError && error.status === 404 && !isFromComfyui(error)

/** One error for several errors that were shown before. A program finds them in `errors`, together with the results. */
export function errorOfMany(
  errors: readonly unknown[],
  message: string,
  fields: Readonly<Record<string, unknown>>,
): CommandError {
  const described = errors.map((error) => describeError(error))
  const failure = worstOf(described.map(({ failure }) => failure ?? 'failed'))
  return new CommandError(failure, message, { ...fields, errors: described.map(({ fields }) => fields) })
}

/** The failure that costs most when nobody looks at it comes first. */
const order: readonly Failure[] = [
  'maybeSubmitted',
  'failed',
  'timedOut',
  'notAuthorised',
  'notFound',
  'usage',
  'tryAgain',
]

/** The failure that decides the exit code, where several things failed. */
export const worstOf = (failures: readonly Failure[]): Failure =>
  order.find((failure) => failures.includes(failure)) ?? 'failed'

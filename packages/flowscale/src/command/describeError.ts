import { HttpError, isFlowScaleError, RunError, TimeoutError } from '@flowscale/client'
import { commandName } from './commandName.ts'
import { CommandError, exitCodes, type Failure } from './errors.ts'
import { Interrupted } from './Interrupted.ts'
import { isFromComfyui } from './isFromComfyui.ts'
import { quote } from './quote.ts'

export interface Described {
  /** Missing after an interruption. */
  readonly failure?: Failure
  readonly exitCode: number
  /** One sentence or two: what was wrong, and what to do. */
  readonly message: string
  /** For programs: `code`, `message`, and what else is known. */
  readonly fields: Readonly<Record<string, unknown>>
}

/** The circumstances of an error. */
export interface Circumstances {
  signal?: AbortSignal
  /** A key that is set, and was not sent. */
  unusedKey?: string | undefined
  hasKey?: boolean
}

/** The description of an error for people and for programs. */
export function describeError(error: unknown, known: Circumstances = {}): Described {
  const reason: unknown = known.signal?.reason
  if (error instanceof CommandError) {
    const { failure, message, fields } = error
    const described = describe(failure, message, { code: codeOf(failure), ...fields })
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
  const { status, errors, requestId } = error as Partial<HttpError>
  return describe(failureOf(error), withAdvice(error, known), {
    code: error.code,
    ...Object.fromEntries(
      Object.entries({
        status,
        errors,
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
    if (status === 401 || status === 403) return 'notAuthorised'
    if (status === 404) return 'notFound'
    if (status === 422 || status === 400) return 'usage'
    return status === 408 || status === 425 || status === 429 || status >= 500 ? 'tryAgain' : 'failed'
  }
  if (error.name === 'NetworkError') return 'tryAgain'
  return error.name === 'ArgumentError' ? 'usage' : 'failed'
}

function withAdvice(error: Error, { unusedKey, hasKey = true }: Circumstances): string {
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
  if (status === 401 || status === 403) {
    const advice = unusedKey
      ? `${unusedKey} was not sent, because the address is set elsewhere: set both in one place, or pass --api-key.`
      : `${hasKey ? 'Check the key' : 'No key is set'}: --api-key, FLOWSCALE_API_KEY or .env.`
    return `${message}. ${advice}`
  }
  if (error instanceof HttpError && isFromComfyui(error)) {
    const gateway = `npx @flowscale/gateway --comfyui ${new URL(error.url).origin} --workflows DIR`
    return `${message}. This is ComfyUI itself. Start the gateway in front of ComfyUI, and use the gateway's address: ${gateway}`
  }
  if (error.name === 'RedirectError')
    return message.replace('correct baseUrl', 'correct --url or FLOWSCALE_API_URL')
  return error.name === 'NetworkError' ? `${message}. Check the address, and that the server runs.` : message
}

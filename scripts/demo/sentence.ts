import { isFlowScaleError } from '@flowscale/client'

/** An error that needs no stack: one clear sentence. */
export class Sentence extends Error {}

/** The error in one sentence, for somebody who is new to the client. */
export function toSentence(error: unknown, url: string, hasKey = true): string {
  if (error instanceof Sentence) return error.message
  if (!isFlowScaleError(error)) return String(error)
  switch (error.code) {
    case 'ERR_FLOWSCALE_NETWORK':
      return `Can't reach ${url}: ${error.message.split('got no answer: ').pop()}. Is the URL right?`
    case 'ERR_FLOWSCALE_HTTP':
      return error.status === 401 || error.status === 403
        ? `${url} ${hasKey ? 'refused the key' : 'needs a key'} (${error.status}): check --api-key or FLOWSCALE_API_KEY.`
        : error.message
    case 'ERR_FLOWSCALE_VALIDATION':
      return `The server refused the inputs: ${error.errors.join('; ')}.`
    default:
      return error.message
  }
}

import { EngineError } from '../../../engineErrors.ts'

/** ComfyUI gave no answer, or none that can be used: nobody knows more than before. */
export class NoAnswer extends EngineError {
  readonly why: string
  /** Whether the request may have been handled. */
  readonly sent: boolean

  /** `why` must not hold ComfyUI's address or the text of a proxy. */
  constructor(why: string, sent: boolean) {
    super(503, `ComfyUI can't be reached just now: ${why}`, { retryAfterS: 5 })
    this.why = why
    this.sent = sent
  }
}

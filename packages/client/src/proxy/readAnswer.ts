import { redact } from '../internal/answer.ts'
import { isErrorStatus } from '../internal/request.ts'
import { parse } from '../run.ts'
import { createCleaner } from './createCleaner.ts'
import { createLimit } from './createLimit.ts'
import { pump } from './pump.ts'

/** The longest answer that is read as a whole, in bytes. */
const maxAnswerBytes = 16_777_216

/** Whether an answer says that it is JSON. */
export const isJson = ({ headers }: Response): boolean => /\bjson\b/i.test(headers.get('content-type') ?? '')

/**
 * The body of an answer without the secrets of its request, should the pod have echoed them. JSON is read as a whole,
 * since secrets may be escaped in it. `undefined`: JSON that can't be read.
 */
export async function readAnswer(
  answer: Response,
  headers: Readonly<Record<string, string>>,
  ms: number,
  isWhole: boolean,
): Promise<string | ReadableStream<Uint8Array> | null | undefined> {
  const { body, ok } = answer
  if (!body) return null
  // In a result, a header that is no secret by its name may be a word like any other.
  const secretsOf = (isResult: boolean) =>
    Object.fromEntries(
      Object.entries(headers).filter(([name]) => !isResult || /key|auth|token|secret|cookie/.test(name)),
    )
  if (!isWhole && !isJson(answer)) return pump(body, ms, createCleaner(secretsOf(ok)))
  const text = await new Response(pump(body, ms, createLimit(maxAnswerBytes))).text()
  const value = parse(text)
  const clean = redact(value, secretsOf(ok && !isErrorStatus(Object(value).status)))
  if (value === text) return text && isJson(answer) ? undefined : `${clean}`
  const json = JSON.stringify(clean)
  // As it came, where nothing was found: JavaScript rounds long numbers.
  return json === JSON.stringify(value) ? text : json
}

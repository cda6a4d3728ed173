import { NoAnswer } from '../server/NoAnswer.ts'

/** The first value of several questions; where there is none, why one of them could not be answered. */
export async function firstOf<T>(
  questions: readonly Promise<T | undefined>[],
): Promise<{ found?: T | undefined; failure?: NoAnswer | undefined }> {
  let failure: NoAnswer | undefined
  const found = questions.map(async (question) => {
    const value = await question.catch((error) => {
      if (!(error instanceof NoAnswer)) throw error
      failure = error
    })
    if (value === undefined) throw undefined
    return value as T
  })
  try {
    return { found: await Promise.any(found) }
  } catch (error) {
    // What is not a lack of an answer is a defect, or a storage that fails.
    const cause = (error as AggregateError).errors.find((one) => one !== undefined)
    if (cause) throw cause
    return { failure }
  }
}

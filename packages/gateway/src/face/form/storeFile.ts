import type { Draft, StoredFile } from '../../engine.ts'
import { cleanFilename } from '../../media/cleanFilename.ts'

/** Hands a file to the engine, at the engine's pace. If the caller's upload fails, throws the error of the upload. */
export async function storeFile(
  draft: Draft,
  input: string,
  file: { readonly name: string; readonly type: string },
  chunks: AsyncIterable<Uint8Array>,
): Promise<{ value: StoredFile; shown: string }> {
  const source = chunks[Symbol.asyncIterator]()
  const name = cleanFilename(file.name)
  let isCancelled = false
  let fail: (error: unknown) => void
  const failed = new Promise<never>((_resolve, reject) => {
    fail = reject
  })
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await source.next()
          if (isCancelled) return
          if (done) controller.close()
          else controller.enqueue(value)
        } catch (error) {
          fail(error)
          throw error
        }
      },
      cancel() {
        isCancelled = true
      },
    },
    { highWaterMark: 0 },
  )
  const value = await Promise.race([draft.putFile(input, { name, type: file.type, body }), failed])
  return { value, shown: name }
}

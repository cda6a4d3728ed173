import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** What a fresh process, which knows only the ids, finds of the runs: `completed`, with its file fetched, or a word of their end. */
export async function findAnew(
  url: string,
  runIds: readonly string[],
): Promise<Readonly<Record<string, string>>> {
  const child = fork(fileURLToPath(new URL('./findAnewChild.ts', import.meta.url)), {
    execArgv: ['--import', 'tsx'],
  })
  const answer = once(child, 'message')
  const ended = once(child, 'exit')
  child.send({ url, runIds })
  try {
    const [found] = await Promise.race([
      answer,
      ended.then(() => Promise.reject(new Error('The fresh process has ended'))),
    ])
    return found
  } finally {
    child.kill('SIGKILL')
    await ended
  }
}

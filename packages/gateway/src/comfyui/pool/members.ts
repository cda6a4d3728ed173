import { NoAnswer } from '../../engines/comfyui/server/NoAnswer.ts'
import type { Site } from '../../engines/comfyui/sites/types.ts'
import { within } from '../../within.ts'

/** Longer than a server takes that works, and shorter than a caller likes to wait. */
const SOON_MS = 1_000

export interface Answers<T> {
  readonly answers: readonly (readonly [site: Site, answer: T])[]
  /** Why a server gave none, where one did not. */
  readonly failure: NoAnswer | undefined
}

/**
 * Sends the same request to several servers. Waits for a silent server only if no server answers.
 *
 * @throws `NoAnswer` where no server answers, and any other error at once.
 */
export async function ask<T>(
  sites: readonly Site[],
  question: (site: Site) => Promise<T>,
): Promise<Answers<T>> {
  const answers: [Site, T][] = []
  let failure: NoAnswer | undefined
  const put = async (site: Site): Promise<void> => {
    try {
      answers.push([site, await question(site)])
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error
      failure = error
    }
  }
  const quiet = sites.filter(({ server }) => server.isQuiet())
  const asked = sites.filter((site) => !quiet.includes(site))
  const open = new Set(asked)
  const all = asked.map((site) => put(site).finally(() => open.delete(site)))
  if (sites.length > 1) await within(Promise.all(all), SOON_MS)
  if (answers.length === 0) await Promise.all([...all, ...quiet.map(put)])
  else {
    for (const { server } of open) server.mute()
    for (const { server } of quiet) server.probe()
    if (open.size + quiet.length > 0) failure ??= new NoAnswer('it stopped answering', true)
  }
  if (answers.length === 0 && failure) throw failure
  return { answers: [...answers], failure }
}

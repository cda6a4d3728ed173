import { getRuns, type Run } from '@flowscale/client'
import { usageError } from './errors.ts'
import { type Call, commandName } from './program.ts'

/** Whether a word may be the beginning of a run's id: 4 characters or more of a UUID, which has 36. */
const isShort = (word: string): boolean => /^[\da-f-]{4,35}$/.test(word)

/**
 * The ids of runs, each once. The beginning of an id becomes the whole id, if it fits only one of the latest 100 runs. A
 * word that fits none stays as it is: the server then answers that there is no such run.
 */
export async function findRunIds(words: readonly string[], call: Call): Promise<string[]> {
  // A script may pass an empty variable.
  if (words.some((word) => /^\.{0,2}$/.test(word.trim())))
    throw usageError(`An id is empty or only dots. "${commandName} runs" lists the runs.`)
  const known = words.some(isShort) ? (await latestRuns(call)).map(({ _id }) => _id) : []
  const ids = words.map((word) => {
    const isWhole = !isShort(word) || known.includes(word)
    const fitting = isWhole ? [word] : known.filter((id) => id.startsWith(word))
    if (fitting.length < 2) return fitting[0] ?? word
    throw usageError(`Several runs begin with "${word}": ${fitting.join(', ')}.`, { runIds: fitting })
  })
  return [...new Set(ids)]
}

async function latestRuns({ client, signal }: Call): Promise<Run[]> {
  try {
    return (await getRuns(client, { pageSize: 100, signal })).data.runs
  } catch (error) {
    // Some servers list the runs of a group only. An error that other requests would meet, too, ends the command.
    const { status = 0 } = Object(error)
    if (status > 0 && status < 500) return []
    throw error
  }
}

/** The prompt of a run, or else its first text. People recognise a run by this text. */
export function firstText({ inputs }: Run): string {
  const texts = inputs.filter(({ value }) => typeof [value].flat()[0] === 'string')
  const prompt = texts.find(({ path = '' }) => /prompt|^text/i.test(path) && !/negative/i.test(path))
  return [(prompt ?? texts[0])?.value ?? []].flat().join(' / ')
}

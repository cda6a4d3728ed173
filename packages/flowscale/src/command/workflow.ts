import { type Client, getWorkflows, HttpError, type Workflow } from '@flowscale/client'
import { commandName } from './commandName.ts'
import { CommandError } from './errors.ts'
import { suggest } from './suggest.ts'

/** The workflow with this id, or else with this name. `undefined`: the server lists none (404), so the word is an id. */
export async function findWorkflow(
  client: Client,
  word: string,
  signal: AbortSignal,
): Promise<Workflow | undefined> {
  let all: Workflow[]
  try {
    all = (await getWorkflows(client, { signal })).data
  } catch (error) {
    if (error instanceof HttpError && error.status === 404) return undefined
    throw error
  }
  return pickWorkflow(all, word)
}

/** The workflow with this id, or else with this name. The error names similar ones, or several with the same name. */
export function pickWorkflow(all: readonly Workflow[], word: string): Workflow {
  const named = all.filter(({ name }) => name === word)
  const found = all.find(({ id }) => id === word) ?? (named.length === 1 ? named[0] : undefined)
  if (found) return found
  const several = named.map(({ id }) => id).join(', ')
  throw new CommandError(
    'notFound',
    several
      ? `Several workflows are named "${word}": use an id, ${several}.`
      : `There is no workflow "${word}".${suggest(
          word,
          all.flatMap(({ id, name }) => [id, name]),
        )} "${commandName} workflows" lists them.`,
  )
}

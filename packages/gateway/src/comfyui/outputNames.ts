// Finds the run of an output by the output's name.
import { isEnded, type Run } from '../engine.ts'

/** The name of an output and the id of a run, then perhaps a number and an ending. */
const OUTPUT = /^(.+_([0-9a-f-]{36}))(?:_\d+)?(?:\.[A-Za-z0-9]+)?$/

/** Earlier versions put the id of the node into the name of a single output. */
const EARLIER = /^(text|image|video|audio|file)_\w+_(?=[0-9a-f-]{36})/

/** Finds the run of an output by the output's name, and its file if that exists. */
export async function findOutput(
  filename: string,
  getRun: (id: string) => Promise<Run | undefined>,
): Promise<{ run: Run; file: string | undefined } | undefined> {
  const [, bare = '', id = ''] = OUTPUT.exec(filename) ?? []
  const run = await getRun(id)
  if (!run) return undefined
  const file = run.files.find((name) => name === filename || name.replace(/\.[^.]+$/, '') === filename)
  // While the run goes on, nobody knows the endings.
  const known = file !== undefined || run.outputNames.includes(isEnded(run.status) ? filename : bare)
  if (known) return { run, file }
  const name = filename.replace(EARLIER, '$1_')
  return name === filename ? undefined : findOutput(name, async () => run)
}

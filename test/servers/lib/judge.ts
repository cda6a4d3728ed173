import type { Ends } from './settleAll.ts'
import type { SubmittedRuns } from './submitAll.ts'

/** Figures of a disaster; they can be added up. */
export type Figures = Record<
  'runs' | 'lost' | 'refused' | 'completed' | 'failed' | 'cancelled' | 'unknown' | 'executed' | 'twice',
  number
>

/**
 * Says what came of runs. `executed` is what ComfyUI really performed, by run: none may be there twice, by its id or by
 * what was asked for, and each must be known to the client.
 */
export function judge(
  { lost, refused }: Pick<SubmittedRuns, 'lost' | 'refused'>,
  { completed, failed, cancelled, unknown, inputs }: Ends,
  executed: readonly string[],
): { figures: Figures; problems: string[] } {
  const asked = executed.map((id) => inputs.get(id) ?? id)
  const twice = Math.max(...[executed, asked].map((list) => list.length - new Set(list).size))
  const ended = new Set([...completed, ...cancelled, ...failed.map((line) => line.slice(0, 36))])
  const figures = {
    runs: ended.size + unknown.length,
    lost,
    refused: refused.length,
    completed: completed.length,
    failed: failed.length,
    cancelled: cancelled.length,
    unknown: unknown.length,
    executed: executed.length,
    twice,
  }
  return {
    figures,
    problems: [
      ...unknown,
      ...(twice > 0 ? [`${twice} executed twice`] : []),
      ...executed.filter((id) => !ended.has(id)).map((id) => `${id} was executed, and is not known`),
      ...completed.filter((id) => !executed.includes(id)).map((id) => `${id} was never executed`),
    ],
  }
}

export function addUp(all: readonly Figures[]): Figures {
  const [first, ...rest] = all
  const sum = { ...first! }
  for (const more of rest) for (const name of Object.keys(sum) as (keyof Figures)[]) sum[name] += more[name]
  return sum
}

export function lineOf(figures: Figures): string {
  const { runs, lost, refused, completed, failed, cancelled, unknown, executed, twice } = figures
  return (
    `${runs} runs: ${completed} completed, ${failed} failed with a reason, ${cancelled} cancelled, ${unknown} unknown; ` +
    `${lost} answers lost, ${refused} refused; ${executed} executed, ${twice} twice`
  )
}

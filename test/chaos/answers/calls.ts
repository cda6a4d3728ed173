import {
  type Client,
  downloadOutput,
  executeWorkflow,
  getRuns,
  iterateRuns,
  type Run,
} from '@flowscale/client'
import {
  createRunWatcher,
  executeMany,
  executeWorkflowAsync,
  waitForOutput,
  waitForResult,
  waitForRun,
  watchRun,
} from '@flowscale/client/poller'
import { type OperationName, operations } from '../../support/operations.ts'
import { RUN } from './answerOf.ts'
import type { Operation } from './promises.ts'

export interface Fuzzed {
  client: Client
  /** Chooses among the ways to call. */
  variant: number
  /** To be called with what callbacks of the caller get. */
  saw: (what: 'run' | 'submission', value: unknown) => void
}

async function all<T>(iterable: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = []
  for await (const item of iterable) items.push(item)
  return items
}
const sources = ['a.png', 'https://files.test/a.png?sig=2', { filename: 'a', url: 'https://files.test/b' }]
const waitOf = ({ variant, saw }: Fuzzed) => ({
  timeoutMs: 20_000,
  pollIntervalMs: 500,
  maxPolls: 1 + (variant % 4),
  cancelOn: (['never', 'timeout', 'both'] as const)[variant % 3],
  onUpdate: (run: Run) => saw('run', run),
})
const watchOf = (fuzzed: Fuzzed) => {
  const { onUpdate: _, ...options } = waitOf(fuzzed)
  return options
}
/** One of many, as a call of its own would end. */
const oneOf = <T>(list: readonly (PromiseSettledResult<T> | undefined)[], variant: number): T => {
  const one = list[variant % list.length]!
  if (one.status === 'rejected') throw one.reason
  return one.value
}

interface Called {
  answers: string[]
  call: (fuzzed: Fuzzed) => Promise<unknown>
}
/** An operation without options. */
const plain = (name: OperationName, answer: string): Called => ({
  answers: [answer],
  call: ({ client }) => operations[name](client),
})

/** Each operation: the real answers that fit it, and how it is called. */
export const calls: Readonly<Record<Operation, Called>> = {
  checkHealth: plain('checkHealth', 'health'),
  getQueue: plain('getQueue', 'queue'),
  getWorkflows: plain('getWorkflows', 'workflows'),
  executeWorkflow: {
    answers: ['execute'],
    call: ({ client }) => executeWorkflow(client, 'w', { a: 'b' }, { groupId: 'g' }),
  },
  getOutput: plain('getOutput', 'output'),
  cancelRun: plain('cancelRun', 'cancel'),
  getRun: plain('getRun', 'run'),
  getRuns: {
    answers: ['runs'],
    call: ({ client, variant }) => getRuns(client, variant % 2 ? { groupId: 'g', page: 2 } : {}),
  },
  iterateRuns: { answers: ['runs'], call: ({ client }) => all(iterateRuns(client)) },
  downloadOutput: {
    answers: ['output'],
    call: ({ client, variant }) => downloadOutput(client, sources[variant % 3]!),
  },
  waitForRun: { answers: ['run'], call: (fuzzed) => waitForRun(fuzzed.client, RUN, waitOf(fuzzed)) },
  waitForOutput: {
    answers: ['output'],
    call: ({ client, variant }) =>
      waitForOutput(client, 'a', { timeoutMs: 20_000, maxPolls: 1 + (variant % 4) }),
  },
  watchRun: { answers: ['run'], call: (fuzzed) => all(watchRun(fuzzed.client, RUN, watchOf(fuzzed))) },
  waitForResult: {
    answers: ['run', 'output'],
    call: (fuzzed) => waitForResult(fuzzed.client, RUN, waitOf(fuzzed)),
  },
  executeWorkflowAsync: {
    answers: ['execute', 'run', 'output'],
    call: (fuzzed) =>
      executeWorkflowAsync(
        fuzzed.client,
        'w',
        { a: 'b' },
        { ...waitOf(fuzzed), onSubmitted: (submission) => fuzzed.saw('submission', submission) },
      ),
  },
  createRunWatcher: {
    answers: ['runs', 'run'],
    call: async (fuzzed) => {
      const { client, variant } = fuzzed
      const { timeoutMs, maxPolls, cancelOn, onUpdate } = waitOf(fuzzed)
      const watcher = createRunWatcher(client, variant % 2 ? { groupId: 'g' } : {})
      const options = { timeoutMs, maxPolls, cancelOn, ...(variant % 3 === 0 && { onUpdate }) }
      return oneOf(await watcher.waitAll([RUN, 'run-2', 'run-3'], options), variant)
    },
  },
  executeMany: {
    answers: ['execute', 'runs', 'run', 'output'],
    call: async ({ client, variant, saw }) =>
      oneOf(
        await executeMany(client, 'w', [{ a: 'b' }, { a: 'c' }], {
          timeoutMs: 20_000,
          cancelOn: (['never', 'timeout', 'both'] as const)[variant % 3],
          ...(variant % 2 && { groupId: 'g' }),
          onSubmitted: (_, runId) => saw('submission', { runId, outputNames: [] }),
        }),
        variant,
      ),
  },
}

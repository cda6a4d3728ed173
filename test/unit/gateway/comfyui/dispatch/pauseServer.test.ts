// Servers that an operator pauses, and a gateway that is about to stop: which runs go on, and which wait.
import { assert, said } from '#test'
import type { Engine, Run } from '../../../../../packages/gateway/src/engine.ts'
import { until } from '../../../../support/until.ts'
import {
  begin,
  later,
  perform,
  type Servers,
  spread,
  statusOf,
  submit,
  suiteWithServers,
  take,
  untilRun,
  withQueue,
} from '../queued/kit.ts'

const long = { seconds: 600 }
/** Each server: its state, and how many runs it has that run and wait; then how many wait for all. */
const lookAt = async (engine: Engine): Promise<string> =>
  (await engine.containers())
    .map(({ status, reason, running, pending, waiting = '' }) =>
      [status, reason, running.length, pending.length, waiting].join(' ').trim(),
    )
    .join(', ')
const isSeen = (engine: Engine, wanted: string): Promise<string> =>
  until(
    () => lookAt(engine),
    (found) => found === wanted,
  )

const isSent = (comfies: Servers['comfies'], wanted: string): Promise<string> =>
  until(
    () => spread(comfies).join(),
    (found) => found === wanted,
  )

let test = suiteWithServers('two ComfyUIs, of which one is paused', [{}, {}])

test('it ends its run and takes no other, also after a restart, until it is resumed', async (site) => {
  const { comfies, engine, reopen, lines } = site
  const runs = [await begin(engine), await begin(engine)]
  const behind = [await submit(engine, 'slow', long), await submit(engine, 'slow', long)]
  const on = ({ id }: Run, at: number) => comfies[at]!.executed.runs[id] !== undefined
  const [first, second] = on(runs[0]!, 0) ? runs : [runs[1], runs[0]]
  await isSeen(engine, 'running  1 1, running  1 1, idle  0 0 0')
  assert.is(await engine.setPaused!('comfyui-1', true), true)
  // The run that was taken ahead waits again.
  assert.is(await lookAt(engine), 'running paused 1 0, running  1 1, idle  0 1 1')
  await engine.cancelRun(first!.id)
  await isSeen(engine, 'stopped paused 0 0, running  1 1, idle  0 1 1')
  const again = await reopen()
  await isSeen(again, 'stopped paused 0 0, running  1 1, idle  0 1 1')
  await again.cancelRun(second!.id)
  await isSent(comfies, '1,2')
  assert.is(await again.setPaused!('comfyui-1', false), true)
  await isSeen(again, 'running  1 0, running  1 0, idle  0 0 0')
  await isSent(comfies, '2,2')
  for (const run of behind) assert.is((await again.getRun(run.id))!.status, 'running')
  for (const name of ['comfyui-3', 'queue', '', '__proto__'])
    assert.is(await again.setPaused!(name, true), false)
  assert.ok(lines.includes('info comfyui-1 is paused'), lines.join('\n'))
})

test('runs say that they wait for paused servers', async ({ engine }) => {
  await perform(engine, 'batch')
  for (const name of ['comfyui-1', 'comfyui-2']) await engine.setPaused!(name, true)
  const { id } = await submit(engine, 'batch')
  const { waitsFor } = (await until(
    () => later(11_000, () => engine.getRun(id)),
    (run) => run!.waitsFor,
  ))!
  said(waitsFor!)
  await engine.setPaused!('comfyui-2', false)
  assert.is((await untilRun(engine, id)).status, 'completed')
})

test('a gateway that was killed between a pause and what follows from it does that later', async (site) => {
  const { comfies, folder, engine, reopen } = site
  const runs = [await begin(engine), await begin(engine)]
  const waits = await submit(engine, 'slow', { seconds: 0 })
  const second = await reopen(() =>
    withQueue(folder, async (queue) => {
      await take(queue, 'comfyui-1')
      await queue.setPaused('comfyui-1', true)
    }),
  )
  await isSeen(second, 'running paused 1 0, running  1 0, idle  0 1 1')
  const other = runs.find(({ id }) => comfies[1]!.executed.runs[id])!
  await second.cancelRun(other.id)
  assert.is(await statusOf(second, waits), 'completed')
  assert.equal(spread(comfies), [1, 2])
})

test = suiteWithServers('one ComfyUI, and a gateway that stops', [{}])

test('it takes no more, while a run that was sent goes on, and says what is left', async (site) => {
  const { comfies, engine, reopen, lines } = site
  const running = await begin(engine)
  const waits: Run[] = []
  await engine.setPaused!('comfyui-1', true)
  for (const _ of [1, 2]) waits.push(await submit(engine, 'batch'))
  engine.drain!()
  await engine.setPaused!('comfyui-1', false)
  // A submission that came in before is taken.
  waits.push(await submit(engine, 'batch'))
  await engine.cancelRun(running.id)
  // For longer than a look at the servers takes.
  await new Promise((resolve) => setTimeout(resolve, 1_500))
  await isSeen(engine, 'idle  0 0, idle  0 3 3')
  const second = await reopen()
  for (const run of waits) assert.is(await statusOf(second, run), 'completed')
  assert.equal(spread(comfies), [4])
  await begin(second)
  await submit(second, 'batch')
  await submit(second, 'batch')
  await reopen()
  assert.equal(
    lines.filter((line) => / (waits?|go(es)? on at .*)$/.test(line)),
    ['info 3 runs wait', 'info 1 run goes on at 1 server; 2 wait'],
  )
})

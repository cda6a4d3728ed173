// A queue before ComfyUIs that are killed, and gateways that are: each run is sent once, and each ends.
import { appendFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { assert, said } from '#test'
import type { Engine, Run } from '../../../../../packages/gateway/src/engine.ts'
import type { Comfy } from '../../../../comfyui/server/startComfy.ts'
import { until as untilRight } from '../../../../support/until.ts'
import { fileOf, isRunning, never } from '../kit.ts'
import { spread, suiteWithServers } from './kit.ts'

const long = { seconds: 600 }
const idsOf = (list: Awaited<ReturnType<Engine['containers']>>[number]['running']): string[] =>
  list.map(([, id]) => id)

let test = suiteWithServers('two ComfyUIs, of which one ends', [{}, {}])

test('only the run of a ComfyUI that is killed fails, and the one behind it runs elsewhere', async ({
  comfies,
  open,
  submit,
  until,
}) => {
  const engine = open()
  const runs = [await submit(engine, 'slow', long), await submit(engine, 'slow', long)] as [Run, Run]
  for (const { id } of runs) await until(engine, id, isRunning)
  const behind = await submit(engine, 'slow', { seconds: 0 })
  const keeper = await untilRight(
    async () =>
      (await engine.containers()).slice(0, 2).findIndex(({ pending }) => idsOf(pending).includes(behind.id)),
    (index) => index >= 0,
  )
  const homeOf = ({ id }: Run) => comfies.findIndex(({ executed }) => executed.runs[id])
  const lost = runs.find((run) => homeOf(run) === keeper)!
  const other = runs.find((run) => run !== lost)!
  await comfies[keeper]!.kill()
  await engine.cancelRun(other.id)
  assert.is((await until(engine, behind.id)).status, 'completed')
  assert.is(homeOf(behind), 1 - keeper)
  assert.is((await engine.getRun(lost.id))!.status, 'running')
  await comfies[keeper]!.start()
  const failed = await until(engine, lost.id)
  assert.is(failed.status, 'failed')
  said(failed.error!)
  assert.equal(spread(comfies).sort(), [1, 2])
})

test('a run whose server refuses its upload goes to another, and is sent once', async ({
  comfies,
  open,
  submit,
  until,
}) => {
  const engine = open()
  await until(engine, (await submit(engine, 'batch')).id)
  const before = spread(comfies)
  comfies[0]!.faults.push({ on: 'POST /upload', do: 'status', status: 503 })
  const ids = await Promise.all(
    [1, 2, 3].map(async () => {
      const draft = (await engine.draft('copy', never))!
      const bytes = await (
        await fetch(`${comfies[1]!.url}/view?filename=example.png&type=input`)
      ).arrayBuffer()
      const photo = await draft.putFile('photo', fileOf(new Uint8Array(bytes)))
      return (await draft.submit({ values: { photo }, inputs: [], groupId: null, requestId: 'r' })).run.id
    }),
  )
  for (const id of ids) assert.is((await until(engine, id)).status, 'completed')
  assert.equal(spread(comfies), [before[0], before[1]! + 3])
})

test('a run of a server that is away for too long fails, and no other', async ({
  comfies,
  open,
  submit,
  until,
}) => {
  const engine = open({ lostAfterMs: 300 })
  const runs = [await submit(engine, 'slow', long), await submit(engine, 'slow', long)] as [Run, Run]
  for (const { id } of runs) await until(engine, id, isRunning)
  const [lost, other] = comfies[0]!.executed.runs[runs[0].id] ? runs : [runs[1], runs[0]]
  await comfies[0]!.kill()
  const failed = await until(engine, lost!.id)
  assert.is(failed.status, 'failed')
  said(failed.error!)
  assert.is((await engine.getRun(other!.id))!.status, 'running')
})

test = suiteWithServers('one ComfyUI, and gateways that end', [{}])

test('a gateway that opens the same folder goes on with all runs', async ({
  comfies,
  open,
  close,
  submit,
  until,
}) => {
  const first = open()
  const runs: Run[] = []
  for (const seconds of [600, 0, 0]) runs.push(await submit(first, 'slow', { seconds }, 'g'))
  const [running, ...rest] = runs as [Run, Run, Run]
  await until(first, running.id, isRunning)
  await close(first)
  const second = open()
  assert.is((await second.getRun(running.id))!.status, 'running')
  await until(second, rest[1]!.id, ({ status, position }) => status === 'queued' && position === 2)
  await second.cancelRun(running.id)
  for (const { id } of rest) assert.is((await until(second, id)).status, 'completed')
  assert.equal([(await second.getRun(running.id))!.status, spread(comfies)], ['cancelled', [3]])
})

test('a run that ends while no gateway is there has its files later', async ({
  comfies,
  open,
  close,
  submit,
  until,
}) => {
  const first = open()
  const { id } = await submit(first, 'slow', { seconds: 0.5 })
  await until(first, id, isRunning)
  await close(first)
  await untilRight(async () =>
    (await (await fetch(`${comfies[0]!.url}/history/${id}`)).text()).includes('outputs'),
  )
  const second = open()
  const run = await until(second, id)
  assert.equal([run.status, run.files, spread(comfies)], ['completed', [`picture_${id}.png`], [1]])
  const file = await second.readOutput(id, run.files[0]!, new Headers(), never)
  assert.ok((await file!.arrayBuffer()).byteLength > 50)
})

test('a run that was about to be sent is asked for, and never sent', async ({
  comfies,
  folder,
  open,
  close,
  submit,
  until,
}) => {
  const first = open()
  const busy = await submit(first, 'slow', long)
  await until(first, busy.id, isRunning)
  const waits = await submit(first, 'batch')
  const [server] = await first.containers()
  await close(first)
  // As if it had been killed between the mark and the request.
  appendFileSync(
    join(folder, 'queue.jsonl'),
    `${JSON.stringify(['send', waits.id, server!.name, Date.now() - 60_000])}\n`,
  )
  const second = open()
  const run = await until(second, waits.id)
  assert.equal([run.status, spread(comfies)], ['failed', [1]])
  said(run.error!)
})

test('a cancel that was noted before a kill ends the run, which is never sent', async ({
  comfies,
  folder,
  open,
  close,
  submit,
  until,
}) => {
  const first = open()
  const busy = await submit(first, 'slow', long)
  await until(first, busy.id, isRunning)
  const [ahead, waits] = [await submit(first, 'batch'), await submit(first, 'batch')]
  await close(first)
  for (const { id } of [ahead, waits])
    appendFileSync(join(folder, 'queue.jsonl'), `${JSON.stringify(['cancel', id])}\n`)
  const second = open()
  for (const { id } of [ahead, waits]) assert.is((await until(second, id)).status, 'cancelled')
  assert.equal(spread(comfies), [1])
})

test('a run whose answer is lost, and that nobody can ask for either, is sent once', async ({
  comfies,
  open,
  submit,
  until,
}) => {
  const [comfy] = comfies as [Comfy]
  const engine = open()
  await until(engine, (await submit(engine, 'batch')).id)
  comfy.faults.push(
    { on: 'POST /prompt', do: 'reset-after' },
    { on: 'GET /queue', do: 'status', status: 503 },
    { on: 'GET /history', do: 'status', status: 503 },
  )
  const { id } = await submit(engine, 'batch')
  // The search for it is over after ten seconds.
  const searches = () => comfy.requests.filter(({ path }) => path === '/queue').length
  const before = searches()
  await untilRight(searches, (count) => count >= before + 20)
  await new Promise((resolve) => setTimeout(resolve, 1_500))
  comfy.faults.length = 0
  assert.is((await until(engine, id)).status, 'completed')
  assert.equal(spread(comfies), [2])
})

test('a run whose answer is lost is found, and sent once', async ({ comfies, open, submit, until }) => {
  const engine = open()
  comfies[0]!.faults.push({ on: 'POST /prompt', do: 'reset-after', times: 1 })
  const { id } = await submit(engine, 'batch')
  assert.is((await until(engine, id)).status, 'completed')
  assert.equal([spread(comfies), comfies[0]!.executed.runs[id]], [[1], 1])
})

test('a run that ComfyUI refuses fails, and the next is sent', async ({ comfies, open, submit, until }) => {
  const engine = open()
  comfies[0]!.faults.push({ on: 'POST /prompt', do: 'status', status: 400, times: 1 })
  const [refused, next] = [await submit(engine, 'batch'), await submit(engine, 'batch')]
  const failed = await until(engine, refused.id)
  assert.equal([failed.status, (await until(engine, next.id)).status], ['failed', 'completed'])
  said(failed.error!)
})

test('a run that waits for too long fails, and those that a server has do not', async ({
  comfies,
  open,
  submit,
  until,
}) => {
  const engine = open({ maxQueueMs: 1 })
  const busy = await submit(engine, 'slow', long)
  await until(engine, busy.id, isRunning)
  const ahead = await submit(engine, 'batch')
  const late = await until(engine, (await submit(engine, 'batch')).id)
  assert.is(late.status, 'failed')
  said(late.error!)
  assert.is((await engine.getRun(ahead.id))!.status, 'queued')
  await engine.cancelRun(busy.id)
  assert.is((await until(engine, ahead.id)).status, 'completed')
  assert.equal(spread(comfies), [2])
})

test('a run whose upload is lost fails, and nobody waits for it', async ({
  comfies,
  folder,
  open,
  close,
  submit,
  until,
}) => {
  const first = open()
  const busy = await submit(first, 'slow', long)
  await until(first, busy.id, isRunning)
  const draft = (await first.draft('copy', never))!
  const photo = await draft.putFile('photo', fileOf('a photo'))
  const { run } = await draft.submit({ values: { photo }, inputs: [], groupId: null, requestId: 'r' })
  await close(first)
  rmSync(join(folder, 'in'), { recursive: true })
  const second = open()
  const failed = await until(second, run.id)
  assert.equal([failed.status, spread(comfies)], ['failed', [1]])
  said(failed.error!)
})

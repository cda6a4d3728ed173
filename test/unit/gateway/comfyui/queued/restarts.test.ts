// A queue before ComfyUIs that are killed, and gateways that are: each run is sent once, and each ends.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { assert, said } from '#test'
import type { Engine, Run } from '../../../../../packages/gateway/src/engine.ts'
import { until } from '../../../../support/until.ts'
import { never } from '../kit.ts'
import {
  begin,
  later,
  perform,
  photo,
  spread,
  statusOf,
  submit,
  suiteWithServers,
  take,
  untilRun,
  withQueue,
} from './kit.ts'

const idsOf = (list: Awaited<ReturnType<Engine['containers']>>[number]['running']): string[] =>
  list.map(([, id]) => id)
async function failureOf(engine: Engine, { id }: Run): Promise<string> {
  const { status, error } = await untilRun(engine, id)
  said(error!)
  return status
}

let test = suiteWithServers('two ComfyUIs, of which one ends', [{}, {}])

test('only the run of a ComfyUI that is killed fails, and the one behind it runs elsewhere', async (site) => {
  const { comfies, engine } = site
  const runs = [await begin(engine), await begin(engine)]
  const behind = await submit(engine, 'slow', { seconds: 0 })
  const keeper = await until(
    async () =>
      (await engine.containers()).slice(0, 2).findIndex(({ pending }) => idsOf(pending).includes(behind.id)),
    (index) => index >= 0,
  )
  const homeOf = ({ id }: Run) => comfies.findIndex(({ executed }) => executed.runs[id])
  const lost = runs.find((run) => homeOf(run) === keeper)!
  const other = runs.find((run) => run !== lost)!
  await comfies[keeper]!.kill()
  await engine.cancelRun(other.id)
  assert.is(await statusOf(engine, behind), 'completed')
  assert.is(homeOf(behind), 1 - keeper)
  const { status } = await untilRun(engine, lost.id, ({ waitsFor = '' }) =>
    new RegExp(`^comfyui-${keeper + 1} has not answered since 20\\d\\d-\\d\\d-\\d\\dT[\\d:]{8}Z$`).test(
      waitsFor,
    ),
  )
  assert.is(status, 'running')
  await comfies[keeper]!.start()
  assert.is(await failureOf(engine, lost), 'failed')
  assert.equal(spread(comfies).sort(), [1, 2])
})

test('a run whose server refuses its upload goes to another, and is sent once', async ({
  comfies,
  engine,
}) => {
  await perform(engine, 'batch')
  const before = spread(comfies)
  comfies[0]!.faults.push({ on: 'POST /upload', do: 'status', status: 503 })
  const runs = await Promise.all([1, 2, 3].map(() => submit(engine, 'copy', { photo })))
  for (const run of runs) assert.is(await statusOf(engine, run), 'completed')
  assert.equal(spread(comfies), [before[0], before[1]! + 3])
})

test('a run of a server that is away for too long fails, and no other', async ({ comfies, open }) => {
  const engine = open({ lostAfterMs: 300 })
  const runs = [await begin(engine), await begin(engine)] as const
  const [lost, other] = comfies[0]!.executed.runs[runs[0].id] ? runs : [runs[1], runs[0]]
  await comfies[0]!.kill()
  assert.is(await failureOf(engine, lost), 'failed')
  assert.is((await engine.getRun(other.id))!.status, 'running')
})

test = suiteWithServers('one ComfyUI, and gateways that end', [{}])

test('a gateway that opens the same folder goes on with all runs', async ({ comfies, engine, reopen }) => {
  const running = await begin(engine)
  const rest = [await submit(engine, 'slow', { seconds: 0 }), await submit(engine, 'slow', { seconds: 0 })]
  const second = await reopen()
  assert.is((await second.getRun(running.id))!.status, 'running')
  await untilRun(second, rest[1]!.id, ({ status, position }) => status === 'queued' && position === 2)
  await second.cancelRun(running.id)
  for (const run of rest) assert.is(await statusOf(second, run), 'completed')
  assert.equal([await statusOf(second, running), spread(comfies)], ['cancelled', [3]])
})

test('a run that ends while no gateway is there has its files later', async ({ comfies, engine, reopen }) => {
  const { id } = await submit(engine, 'slow', { seconds: 0.5 })
  // It is shown as running before ComfyUI has it.
  await until(() => comfies[0]!.executed.runs[id])
  comfies[0]!.faults.push({ on: 'GET /view', do: 'status', status: 500, times: 1 })
  const history = async () => await (await fetch(`${comfies[0]!.url}/history/${id}`)).text()
  const second = await reopen(() => until(history, (text) => text.includes('outputs')))
  const run = await untilRun(second, id)
  assert.equal([run.status, run.files, spread(comfies)], ['completed', [`picture_${id}.png`], [1]])
  const file = await second.readOutput(id, run.files[0]!, new Headers(), never)
  assert.ok((await file!.arrayBuffer()).byteLength > 50)
})

test('without its server, a run that was sent is lost after a while, and others say that they wait', async (site) => {
  const { engine, reopen } = site
  const [sent, waits] = [await begin(engine), await submit(engine, 'batch')]
  const second = await reopen(() => {}, { urls: [], workers: true, lostAfterMs: 300 }, { workers: true })
  assert.is(await failureOf(second, sent), 'failed')
  const patient = () => later(11_000, () => second.getRun(waits.id))
  const { status, waitsFor } = (await until(patient, (run) => run!.waitsFor))!
  assert.is(status, 'queued')
  said(waitsFor!)
})

for (const [what, isProof, restarts, status, sent] of [
  ['without a proof, it is asked for, and never sent', false, false, 'failed', 1],
  ['it is sent, as ComfyUI knows an earlier run and not this one', true, false, 'completed', 2],
  ['after a restart of ComfyUI it is never sent', true, true, 'failed', 1],
] as const) {
  test(`a run that was about to be sent: ${what}`, async (site) => {
    const { comfies, folder, engine, reopen } = site
    const earlier = await begin(engine)
    const waits = await submit(engine, 'batch')
    const [server] = await engine.containers()
    // As if it had been killed between the mark and the request.
    const second = await reopen(async () => {
      await withQueue(folder, async (queue) => {
        await take(queue, server!.name)
        const seen = isProof ? earlier.id : undefined
        assert.ok(await later(-60_000, () => queue.send(waits.id, server!.name, 'a session', seen)))
      })
      if (restarts) await comfies[0]!.kill()
      if (restarts) await comfies[0]!.start()
    })
    if (!restarts) await second.cancelRun(earlier.id)
    assert.equal([await statusOf(second, waits), spread(comfies)], [status, [sent]])
  })
}

test('a cancel that was noted before a kill ends the run, which is never sent', async (site) => {
  const { comfies, folder, engine, reopen } = site
  await begin(engine)
  const [ahead, waits] = [await submit(engine, 'batch'), await submit(engine, 'batch')]
  const second = await reopen(() =>
    withQueue(folder, async (queue) => {
      for (const { id } of [ahead, waits]) await queue.cancel(id)
    }),
  )
  for (const run of [ahead, waits]) assert.is(await statusOf(second, run), 'cancelled')
  assert.equal(spread(comfies), [1])
})

test('a run whose answer is lost, and that nobody can ask for either, is sent once', async (site) => {
  const { comfies, engine } = site
  const comfy = comfies[0]!
  await perform(engine, 'batch')
  comfy.faults.push(
    { on: 'POST /prompt', do: 'reset-after' },
    { on: 'GET /queue', do: 'status', status: 503 },
    { on: 'GET /history', do: 'status', status: 503 },
  )
  const searches = () => comfy.requests.filter(({ path }) => path === '/queue').length
  const before = searches()
  const run = await submit(engine, 'batch')
  // It is searched for, and then no more.
  await until(async () => {
    const count = searches()
    await new Promise((resolve) => setTimeout(resolve, 2_500))
    return count > before && count === searches()
  })
  comfy.faults.length = 0
  assert.is(await statusOf(engine, run), 'completed')
  assert.equal(spread(comfies), [2])
})

test('a run whose answer is lost is found, and sent once', async ({ comfies, engine }) => {
  comfies[0]!.faults.push({ on: 'POST /prompt', do: 'reset-after', times: 1 })
  const run = await submit(engine, 'batch')
  assert.is(await statusOf(engine, run), 'completed')
  assert.equal([spread(comfies), comfies[0]!.executed.runs[run.id]], [[1], 1])
})

test('a run that ComfyUI refuses, or its upload, fails, and the next is sent', async ({
  comfies,
  engine,
}) => {
  for (const [on, status, isSent] of [
    ['POST /prompt', 400, true],
    ['POST /upload', 413, false],
  ] as const) {
    comfies[0]!.faults.push({ on, do: 'status', status, times: 1 })
    const [refused, next] = [await submit(engine, 'copy', { photo }), await submit(engine, 'batch')]
    assert.equal([await failureOf(engine, refused), await statusOf(engine, next)], ['failed', 'completed'])
    assert.is((await engine.getRun(refused.id))!.startedAt !== null, isSent)
  }
})

test('a run that waits for too long fails, and those that a server has do not', async (site) => {
  const engine = site.open({ maxQueueMs: 1 })
  const busy = await begin(engine)
  assert.is(await failureOf(engine, await submit(engine, 'batch')), 'failed')
  assert.is((await engine.getRun(busy.id))!.status, 'running')
  assert.equal(spread(site.comfies), [1])
})

test('a run whose upload is lost fails, and nobody waits for it', async (site) => {
  const { comfies, folder, engine, reopen } = site
  const before = await begin(engine)
  const run = await submit(engine, 'copy', { photo })
  const second = await reopen(() => rmSync(join(folder, 'in'), { recursive: true }))
  await second.cancelRun(before.id)
  assert.equal([await failureOf(second, run), spread(comfies)], ['failed', [1]])
})

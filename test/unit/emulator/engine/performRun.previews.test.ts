// The pictures that a run shows while it is at work.
import type { RunContext, WorkflowDefinition } from '@flowscale/emulator'
import { encode } from 'fast-png'
import { assert, suite, throws } from '#test'
import { suiteWithClock } from '../../../support/suiteWithClock.ts'
import { type Api, ended, form, open } from '../kit.ts'

const test = suiteWithClock('previews of a workflow of your own')
let api: Api
test.after.each(() => api.close())

const picture = (...bytes: number[]): { data: Uint8Array; type: string } => ({
  data: new Uint8Array(bytes),
  type: 'image/webp',
})

/** A workflow that gives its context to the test, and ends as the test says. */
async function studio(query = '&previews=1') {
  let context!: RunContext
  let end!: { resolve(outputs: object): void; reject(error: Error): void }
  const workflow: WorkflowDefinition = {
    id: 'studio',
    name: 'Studio',
    description: 'Waits for the test',
    inputs: {},
    outputs: { text: 'file' },
    run: (_inputs, given) =>
      new Promise<any>((resolve, reject) => {
        context = given
        end = { resolve, reject }
      }),
  }
  api = await open('emulator.fetch', { workflows: [workflow], speed: 1 })
  const id = await api.run(`studio${query}`)
  return {
    id,
    end: () => end,
    show: (shown: unknown) => context.preview!(shown as any),
    context: () => context,
    /** The number of the latest picture, and its bytes. */
    async seen(): Promise<unknown[]> {
      const { preview } = await api.state(id)
      if (preview === undefined) return []
      assert.is(api.emulator.stateOf(id)?.preview, preview)
      const answer = await api.fetch(api.url + preview)
      assert.equal([answer.status, answer.headers.get('content-type')], [200, 'image/webp'])
      return [/number=(\d+)&/.exec(preview)?.[1], ...new Uint8Array(await answer.arrayBuffer())]
    },
  }
}

test('only a run that asked for them can show some', async ({ settle }) => {
  for (const [query, type] of [
    ['', 'undefined'],
    ['&previews=1', 'function'],
  ]) {
    const { context, seen } = await studio(query)
    await settle()
    assert.is(typeof context().preview, type)
    assert.equal(await seen(), [])
    await api.close()
  }
  api = await open('emulator.fetch')
  assert.is((await api.post('/api/v1/runs?workflow_id=nev3rend5run&previews=yes', form())).status, 422)
})

test('two a second are shown, the newest of more', async ({ clock, settle }) => {
  const { id, show, seen, end } = await studio()
  await settle()
  const heard: unknown[] = []
  api.emulator.watch(({ status, preview }) =>
    heard.push(preview ? /\d+/.exec(preview.split('?')[1]!)![0] : status),
  )
  const { data, type } = picture(1)
  show({ data, type })
  // A painter may go on in the same array.
  data[0] = 9
  show(picture(2))
  show(picture(3))
  assert.equal(await seen(), ['1', 1])
  await clock.tickAsync(499)
  assert.equal(await seen(), ['1', 1])
  await clock.tickAsync(1)
  assert.equal(await seen(), ['2', 3])
  await clock.tickAsync(500)
  show(picture(4, 4))
  assert.equal(await seen(), ['3', 4, 4])
  show(picture(5))
  end().resolve({ text: { data, type: 'text/plain' } })
  await clock.tickAsync(500)
  assert.equal(heard, ['1', '2', '3', 'completed'])
  assert.is((await api.state(id)).status, 'completed')
})

test('at the end of the run the picture is gone', async ({ clock, settle }) => {
  for (const status of ['completed', 'failed', 'cancelled']) {
    const { id, show, seen, end } = await studio()
    await settle()
    show(picture(1))
    const { preview } = await api.state(id)
    if (status === 'completed') end().resolve({ text: { data: new Uint8Array(1), type: 'text/plain' } })
    else if (status === 'failed') end().reject(new Error('no paint left'))
    else await api.post(`/api/v1/runs/${id}/cancel`)
    await clock.tickAsync(500)
    show(picture(2))
    assert.is((await api.state(id)).status, status)
    assert.equal(await seen(), [])
    assert.is((await api.fetch(api.url + preview)).status, 404, status)
    await clock.tickAsync(500)
    await api.close()
  }
})

test('anything else is an error, which fails the run unless the workflow catches it', async ({
  clock,
  settle,
}) => {
  const { id, show, seen, end } = await studio()
  await settle()
  const most = new Uint8Array(204_800)
  for (const wrong of [
    undefined,
    { data: 'data:,', type: 'image/png' },
    { data: most, type: 'image/svg+xml' },
    { data: most, type: 'text/html;image/png' },
    { data: new Uint8Array(204_801), type: 'image/png' },
  ]) {
    throws(() => show(wrong), TypeError)
  }
  assert.equal(await seen(), [])
  show({ data: most, type: 'image/webp' })
  assert.is((await seen()).length, 1 + most.length)
  end().reject(new Error('no paint left'))
  await clock.tickAsync(500)
  assert.is((await ended(api, id)).error, 'no paint left')
})

const builtIn = suite('previews of the built-in workflows')
builtIn.after.each(() => api.close())

const png = encode({ width: 48, height: 32, channels: 3, data: new Uint8Array(4608).fill(99) })
const image = new Blob([new Uint8Array(png)])

for (const [id, fields] of [
  ['bncu0a1kipv', { text_51536: 'a red fox' }],
  ['a9bc45rt2kpm', { image_input: image, prompt: 'in oil' }],
  ['d1ptych7two2', { prompt: 'a pier' }],
  ['t3xt2v1deo00', { prompt: 'a boat', duration: '1' }],
  ['t3xt2v1deo00', { prompt: 'a boat', image, duration: '1' }],
] as const) {
  builtIn(`${id}: some while it is painted (${Object.keys(fields).join(', ')})`, async () => {
    api = await open('emulator.fetch')
    const answers: Promise<Response>[] = []
    const links: string[] = []
    api.emulator.watch(({ preview }) => {
      if (preview === undefined || preview === links.at(-1)) return
      links.push(preview)
      answers.push(api.fetch(api.url + preview))
    })
    const run = await ended(api, await api.run(`${id}&previews=1`, fields))
    assert.is(run.status, 'completed')
    assert.ok(links.length > 1, `${links.length} previews`)
    // The latest one is there for a whole step of the painter.
    for (const answer of await Promise.all(answers)) {
      assert.equal([answer.status, answer.headers.get('content-type')], [200, 'image/png'])
    }
    links.length = 0
    await ended(api, await api.run(id, fields))
    assert.equal(links, [])
  })
}

// One queue before several ComfyUIs.
import { assert } from '#test'
import { spread, suiteWithServers } from './kit.ts'

const test = suiteWithServers('a queue before three ComfyUIs', [{}, {}, {}])

test('runs go to servers that are free, and come back', async ({ comfies, open, submit, until, lines }) => {
  const engine = open()
  const runs = await Promise.all(
    Array.from({ length: 9 }, (_, seed) => submit(engine, 'slow', { seed, seconds: 0.2 })),
  )
  for (const { id } of runs) {
    const run = await until(engine, id)
    assert.equal([run.status, run.error, run.files.length], ['completed', null, 1])
    const file = await engine.readOutput(id, run.files[0]!, new Headers(), new AbortController().signal)
    assert.is(file!.headers.get('content-type'), 'image/png')
    assert.ok((await file!.arrayBuffer()).byteLength > 50)
  }
  assert.equal(spread(comfies), [3, 3, 3])
  assert.equal(lines, [])
})

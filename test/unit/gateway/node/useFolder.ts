// `useFolder.ts FOLDER WAY`: another process that uses the folder of a queue. It says in JSON how that went.
import { folderQueue } from '../../../../packages/gateway/src/node/folderQueue.ts'
import { addAll, bytes, endOf, GPU, makeJob, stateOf } from '../queue/suite.ts'

const [folder, way] = process.argv.slice(2)
const queue = folderQueue(folder!)
const say = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value)}\n`)
const outcome = async (work: Promise<unknown>): Promise<unknown> =>
  await work.then(
    (value) => value ?? null,
    ({ name, status, retryAfterS }) => `${name} ${status} ${retryAfterS}`,
  )

await queue.open(() => {})
if (way === 'hold') {
  say('open')
  setInterval(() => {}, 60_000)
} else if (way === 'batch') {
  // One write, of which the first line fits.
  const jobs = [makeJob(), makeJob({ text: 'é'.repeat(50_000) }), makeJob()]
  say(await Promise.all(jobs.map((job) => outcome(queue.add(job, {}, {})))))
  process.kill(process.pid, 'SIGKILL')
} else {
  // The disk is full for each file at some size.
  const [job] = await addAll(queue, 1)
  await queue.take(GPU, 's')
  const added = [job!.id]
  let refused: unknown[] = []
  for (const size of [3_000, 100, 0]) {
    for (;;) {
      const next = makeJob({ text: 'é'.repeat(size) })
      const said = await outcome(queue.add(next, {}, {}))
      if (typeof said === 'number') added.push(next.id)
      else refused = [...refused, said, await stateOf(queue, next)]
      if (typeof said !== 'number') break
    }
  }
  // Until the shortest line no longer fits.
  for (let count = 0; !String(await outcome(queue.nameOf(`${count}`))).startsWith('EngineError'); ) count++
  const full = await Promise.all(
    [queue.send(job!.id, 's', 'one'), queue.send(job!.id, 's', 'one')].map(outcome),
  )
  const steps = {
    refused,
    send: [...full, await outcome(queue.send(job!.id, 's', 'one')), await stateOf(queue, job!)],
    cancel: [
      await outcome(queue.cancel(job!.id)),
      await stateOf(queue, job!),
      await outcome(queue.cancel(job!.id)),
    ],
    put: await outcome(queue.files.put('out', job!.id, 'a.png', bytes('x'.repeat(100_000)))),
    file: await outcome(queue.files.open('out', job!.id, 'a.png', new Headers())),
    end: [
      await outcome(queue.end({ ...endOf(job!), text: 'é'.repeat(50_000) } as never)),
      await stateOf(queue, job!),
    ],
  }
  say({ added, ...steps })
  process.kill(process.pid, 'SIGKILL')
}

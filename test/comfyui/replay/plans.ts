import { createHash } from 'node:crypto'
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { toWave } from '../server/nodes/media.ts'
import { type Bench, call, openSocket, type Plan } from './bench.ts'
import { blackWasDrawn, failing, quick, sleeping, sleepingLast } from './graphs.ts'
import { example, pngOfLength } from './toForm.ts'

/** The id that the answer to an exchange has here. */
function idOf({ recording, names }: Bench, at: number): string {
  const { prompt_id } = recording.exchanges[at]!.response!.body as { prompt_id: string }
  return names.get(prompt_id) ?? prompt_id
}

const isRunning = (at: number) => (bench: Bench) => bench.running(idOf(bench, at))

type Job = { id: string; status: string; priority: number; preview_output?: { filename: string } }

const interrupt = ({ comfy }: Bench, prompt_id: string) =>
  call(`${comfy.url}/interrupt`, 'POST', {}, JSON.stringify({ prompt_id }))

/** Of the id at the end of the exchange's path. */
const idAt = ({ recording }: Bench, at: number): string =>
  recording.exchanges[at]!.request!.path!.split('/').at(-1)!

/** The jobs that a recording lists; an older server's has none. */
const listed = ({ recording }: Bench, at: number): Job[] =>
  (recording.exchanges[at]!.response!.body as { jobs?: Job[] }).jobs ?? []

/** Makes a job of the list, so that it is as recorded. */
async function make(bench: Bench, { id, status, priority, preview_output }: Job): Promise<void> {
  await bench.raiseTo(priority)
  const [, stem = '', digits] = /^(.*)_(\d{5})_/.exec(preview_output?.filename ?? '') ?? []
  if (stem) bench.write(`output/${stem}_${String(Number(digits) - 1).padStart(5, '0')}_.png`)
  if (status === 'failed') {
    await bench.submit(sleeping(20, { seed: priority }), { prompt_id: id })
    await bench.running(id)
    await interrupt(bench, id)
  } else {
    const graph = stem === 'rec' ? sleeping(0, { seed: priority }) : stem ? quick(priority) : sleepingLast()
    await bench.submit(graph, { prompt_id: id })
  }
  await bench.idle()
}

/** Until the first socket has heard of progress of a node with so many steps. */
const isAtWork = (max: number) => (bench: Bench) =>
  bench.until(() =>
    bench.sockets[0]!.messages.some(({ text }: any) => text?.type === 'progress' && text.data.max === max),
  )

/** What each recording needs beside itself. One that is not named needs nothing. */
export const plans: Readonly<Record<string, Plan>> = {
  'cache-none': { options: { cacheNone: true } },
  'cors-enabled': { options: { corsOrigin: 'http://localhost:5173' } },
  'history-cached-file-deleted': {
    steps: {
      async 3(bench) {
        await bench.idle()
        rmSync(join(bench.comfy.folder, 'output/quick_00019_.png'))
      },
    },
  },
  'history-cached-input-replaced': { files: [] },
  'history-interrupted': { stacked: true, before: blackWasDrawn, steps: { 1: isRunning(0) } },
  'history-pages': {
    steps: {
      async 1(bench) {
        for (let run = 1; run <= 5; run++) await bench.submit(quick(run), { prompt_id: `run ${run}` })
        await bench.idle()
      },
    },
  },
  'history-queued-running-unknown': { stacked: true },
  // An interrupt shows only at the next step of the node.
  'interrupt-by-id': { stacked: true, before: blackWasDrawn, steps: { 2: isRunning(0), 4: () => wait(500) } },
  'interrupt-deaf-last-node': { stacked: true, before: blackWasDrawn, steps: { 1: isRunning(0) } },
  'interrupt-deaf-node': { stacked: true, steps: { 1: isRunning(0) } },
  'interrupt-without-id': {
    stacked: true,
    steps: { 1: isRunning(0), 4: (bench) => bench.idle() },
    async after(bench) {
      await bench.idle()
      const count = bench.comfy.executed.nodes[`${idOf(bench, 4)}/2`]
      if (count !== 1) throw new Error('the interrupt that came while nothing ran hit the next run')
    },
  },
  'prompt-extra-data': { stacked: true },
  // Whether the worker is dead shows only after a while.
  'prompt-extra-data-null': { stacked: true, steps: { 3: () => wait(100) } },
  'prompt-front-and-number': { stacked: true },
  'prompt-input-from-output': { files: ['output/quick_00014_.png', 'output/inverted_00001_.png'] },
  'prompt-same-id-same-number': { stacked: true, files: ['output/quick_00009_.png'] },
  'prompt-same-id-twice': { stacked: true, files: ['output/quick_00007_.png'] },
  'queue-clear': { stacked: true },
  'queue-delete': { stacked: true },
  'queue-running-and-pending': { stacked: true },
  'history-video-and-audio-outputs': {
    before(bench) {
      bench.write('input/film.mp4', '\0\0\0\x08ftyp')
      bench.write('input/tone.wav', toWave({ rate: 8000, channels: 1, samples: new Uint8Array(1600) }))
    },
  },
  restart: {
    drawn: true,
    files: ['output/quick_00035_.png'],
    steps: {
      async 2(bench) {
        await bench.idle()
        const [recorded = ''] = /ComfyUI_temp_[a-z]+/.exec(bench.recording.exchanges[2]!.request!.path!) ?? []
        const [file = ''] = readdirSync(join(bench.comfy.folder, 'temp'))
        bench.names.set(recorded, file.split('_').slice(0, 3).join('_'))
      },
      async 3({ comfy }) {
        await comfy.kill()
        await comfy.start()
      },
    },
  },
  'upload-errors': { files: ['input/sub/x.png'] },
  'upload-too-big': { options: { maxUploadBytes: 1_048_576 } },
  view: {
    files: [],
    before(bench) {
      const picture = pngOfLength(294)
      bench.write('output/quick_00030_.png', picture)
      const { sha256 } = bench.recording.exchanges[0]!.response!.body as { sha256: string }
      bench.names.set(sha256, createHash('sha256').update(picture).digest('hex'))
    },
  },
  'view-errors': { before: (bench) => bench.write('input/sub/deep.png', example) },
  'view-preview-and-channel': { drawn: true, before: (bench) => bench.write('input/note.txt', 'hello') },
  jobs: {
    stacked: true,
    files: [],
    async before(bench) {
      for (const job of listed(bench, 0).slice(2).reverse()) await make(bench, job)
      await bench.raiseTo(101)
      await bench.submit(sleeping(1), { prompt_id: idAt(bench, 2) })
      await bench.running(idAt(bench, 2))
      const extra_data = { extra_pnginfo: { workflow: { id: 'wf-1' } } }
      await bench.submit(quick(68), { prompt_id: idAt(bench, 3), extra_data })
    },
    number: 0,
    steps: {
      9: (bench) => bench.submit(failing(), { prompt_id: idAt(bench, 9) }).then(() => bench.idle()),
      async 10(bench) {
        const id = idAt(bench, 10)
        await bench.submit(sleeping(20, { seed: 69 }), { prompt_id: id })
        await bench.running(id)
        await interrupt(bench, id)
      },
    },
  },
  'jobs-poisoned': {
    files: [],
    async before(bench) {
      for (let color = 0; color < 29; color++) await bench.submit(quick(color))
      await bench.idle()
      const [job] = listed(bench, 5)
      if (job) await make(bench, job)
      bench.write('output/quick_00034_.png')
    },
  },
  'killed-in-the-middle': {
    stacked: true,
    statusesByChance: true,
    stepsByChance: true,
    number: 1,
    steps: {
      async 2(bench) {
        await isAtWork(200)(bench)
        await bench.comfy.kill()
      },
      3: ({ comfy }) => comfy.start(),
    },
  },
  'output-not-json': { opensLate: true, steps: { 7: (bench) => bench.open() } },
  'ws-cached': {
    opensLate: true,
    steps: {
      async 1(bench) {
        await bench.idle()
        await bench.open()
      },
    },
  },
  'ws-feature-flags': { before: blackWasDrawn },
  'ws-interrupted': { stacked: true, stepsByChance: true, steps: { 1: isAtWork(200) } },
  'ws-queue-of-two': { stacked: true, statusesByChance: true, before: blackWasDrawn },
  'ws-reconnect': {
    stacked: true,
    // The second socket comes while the node sleeps, on a slow machine, too.
    options: { speed: 0.2 },
    stepsByChance: true,
    opensLate: true,
    before: blackWasDrawn,
    // A first socket hears of the first step, and goes.
    async after(bench) {
      const earlier = await openSocket(`${bench.comfy.url.replace('http', 'ws')}/ws?clientId=client-j`)
      await bench.until(() => earlier.messages.some(({ text }: any) => text?.type === 'progress'))
      await earlier.close()
      await bench.open()
    },
  },
  'ws-run-without-client-id': {
    stacked: true,
    stepsByChance: true,
    steps: { 1: (bench) => bench.idle(), 2: isAtWork(200) },
  },
  'ws-same-id-twice': {
    before: blackWasDrawn,
    steps: {
      async 1(bench) {
        const [older, newer] = bench.sockets
        await bench.until(() => newer!.messages.some(({ text }: any) => text?.data?.node === null))
        await older!.close()
      },
    },
    after: (bench) => bench.idle(),
  },
}

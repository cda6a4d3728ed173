import { createHash } from 'node:crypto'
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { toWave } from '../server/nodes/films.ts'
import { blackWasDrawn, quick } from './graphs.ts'
import { jobsPlans } from './jobsPlans.ts'
import { socketPlans } from './socketPlans.ts'
import { example, pngOfLength } from './toForm.ts'
import type { Bench, Plan } from './types.ts'

/** The id that the answer to an exchange has here. */
function idOf({ recording, names }: Bench, at: number): string {
  const { prompt_id } = recording.exchanges[at]!.response!.body as { prompt_id: string }
  return names.get(prompt_id) ?? prompt_id
}

const isRunning = (at: number) => (bench: Bench) => bench.running(idOf(bench, at))

/** What each recording needs beside itself. One that is not named needs nothing. */
export const plans: Readonly<Record<string, Plan>> = {
  ...jobsPlans,
  ...socketPlans,
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
}

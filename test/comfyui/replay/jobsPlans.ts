import { call } from './call.ts'
import { failing, quick, sleeping, sleepingLast } from './graphs.ts'
import type { Bench, Plan } from './types.ts'

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

export const jobsPlans: Readonly<Record<string, Plan>> = {
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
}

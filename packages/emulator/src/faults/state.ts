import type { Fault, FaultCall, FaultOperation } from './fault.ts'

export type StateFault = 'backwards' | 'unknown-state' | 'vanished' | 'no-url' | 'list-late'

interface Shown {
  status?: string
  outputs?: { filename: string; url?: string }[]
  download_url?: string | null
  runs?: { created_at: string }[]
}

/** How long a late list lacks a run, in ms. */
const LATE_MS = 1500

export const stateFaults: Record<StateFault, Fault> = {
  backwards: rewrite('a run that was further is `queued` again, without outputs', ['getRun'], (data) =>
    data.status === 'queued' ? undefined : { ...data, status: 'queued', outputs: [], progress: 0 },
  ),
  'unknown-state': rewrite('the run is `warming_up`, a state that nobody knows', ['getRun'], (data) => ({
    ...data,
    status: 'warming_up',
    outputs: [],
  })),
  vanished: {
    text: '404, as if there were no such run',
    operations: ['getRun', 'getOutput', 'cancelRun', 'downloadOutput', 'connectEvents'],
    play: async () => Response.json({ status: 'error', errors: ['Run not found'] }, { status: 404 }),
  },
  'no-url': rewrite('outputs without a URL; `download_url` is null', ['getRun', 'getOutput'], (data) => {
    if (data.download_url) return { ...data, download_url: null }
    if (!data.outputs?.length) return undefined
    return { ...data, outputs: data.outputs.map(({ filename }) => ({ filename })) }
  }),
  'list-late': rewrite('the list lacks the runs of the last 1.5 seconds', ['getRuns'], (data) => {
    const runs = data.runs?.filter(({ created_at }) => Date.parse(created_at) <= Date.now() - LATE_MS)
    if (!runs || runs.length === data.runs?.length) return undefined
    return { ...data, runs, ...('count' in data && { count: runs.length }) }
  }),
}

function rewrite(
  text: string,
  operations: FaultOperation[],
  change: (data: Shown) => object | undefined,
): Fault {
  return {
    text,
    operations,
    async play({ perform }: FaultCall) {
      const answer = await perform()
      if (answer.status !== 200) return undefined
      const envelope = await answer.clone().json()
      const data = change(envelope.data)
      return data && Response.json({ ...envelope, data })
    },
  }
}

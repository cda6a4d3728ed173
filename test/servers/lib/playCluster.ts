import { createClient, downloadOutput, getRun, type Run } from '@flowscale/client'
import { decode } from 'fast-png'
import { CANARY } from '../../support/canary.ts'
import { createLimit } from '../../support/createLimit.ts'
import { freePort } from '../../support/freePort.ts'
import { LATER, type Started, startGateway } from '../../support/startProcess.ts'
import { type Figures, judge } from './judge.ts'
import { settleAll } from './settleAll.ts'
import { startBalancer } from './startBalancer.ts'
import { submitAll } from './submitAll.ts'

export interface Servers {
  readonly urls: readonly string[]
  /** The runs that were really performed so far. */
  executed(): Promise<readonly string[]>
  /** What goes wrong in the middle. */
  trouble?(): Promise<void>
}

export interface Played {
  readonly figures: Figures
  readonly problems: readonly string[]
  /** How many outputs were fetched by their links, each seen to be that of its run. */
  readonly links: number
  /** When each of these runs was made, and so its server chosen. */
  readonly chosenAt: ReadonlyMap<string, number>
}

/**
 * Sends runs to two gateways behind a balancer, in front of several servers. In the middle a server has its trouble, and
 * each gateway is killed twice. Then all runs are waited for, and the outputs are fetched and compared.
 */
export async function playCluster(
  { urls, executed, trouble }: Servers,
  { workflow, count, groupId }: { workflow: string; count: number; groupId: string },
): Promise<Played> {
  const ports = [await freePort(), await freePort()]
  const start = (port: string, ...nodeFlags: readonly string[]): Promise<Started> =>
    startGateway(urls, 'test/servers/cluster', ['--port', port, '--api-key', CANARY], ...nodeFlags)
  const gateways = await Promise.all(ports.map((port) => start(port)))
  const balancer = await startBalancer(ports.map((port) => `http://127.0.0.1:${port}`))
  const client = createClient({ baseUrl: balancer.url, apiKey: CANARY, retryDelayMs: 100 })
  const restart = async (index: number, ...nodeFlags: readonly string[]): Promise<void> => {
    await gateways[index]!.kill()
    gateways[index] = await start(ports[index]!, ...nodeFlags)
  }
  try {
    const colors = Array.from({ length: count }, (_, index) => ({ color: 1 + index * 50_021 }))
    let isSubmitting = true
    const submitting = submitAll(client, workflow, colors, groupId).finally(() => {
      isSubmitting = false
    })
    const reach = async (part: number): Promise<void> => {
      while (isSubmitting && (await executed()).length < count * part) await pause()
    }
    await reach(0.05)
    await Promise.all([trouble?.(), restart(0)])
    await reach(0.15)
    await restart(1)
    const submitted = await submitting
    // No run is on its way any more: one that never reached a server may be known at once.
    await Promise.all([restart(0, ...LATER), restart(1, ...LATER)])
    const ends = await settleAll(client, groupId, submitted.ids, 500)
    const { figures, problems } = judge(submitted, ends, await executed())
    const limit = createLimit(8)
    const runs = await Promise.all(
      ends.completed.map((id) => limit(async () => (await getRun(client, id)).data)),
    )
    const wrong = await Promise.all(runs.map((run) => limit(() => checkLink(client, run))))
    return {
      figures,
      problems: [...problems, ...wrong.flat()],
      links: runs.length,
      chosenAt: new Map(runs.map((run) => [run._id, Date.parse(run.created_at!)])),
    }
  } finally {
    await Promise.all([...gateways.map((gateway) => gateway.kill()), balancer.close()])
  }
}

/** The picture of a run has the color that was sent with it. */
async function checkLink(client: ReturnType<typeof createClient>, run: Run): Promise<string[]> {
  const color = run.inputs?.find(({ path }) => path === 'color')?.value
  const response = await downloadOutput(client, run.outputs![0]!)
  const { data } = decode(new Uint8Array(await response.arrayBuffer()))
  const seen = ((data[0]! << 16) | (data[1]! << 8) | data[2]!) >>> 0
  return seen === color ? [] : [`the link of ${run._id} shows ${seen}, not ${color}`]
}

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 50))

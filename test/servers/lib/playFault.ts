import { readFile } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'
import { cancelRun, createClient, getWorkflows, isFlowScaleError, toFile } from '@flowscale/client'
import { readWorkflows } from '@flowscale/gateway/node'
import { startComfy } from '../../comfyui/server/startComfy.ts'
import type { Fault } from '../../comfyui/server/types.ts'
import type { ComfyVersion } from '../../comfyui/server/versions.ts'
import { CANARY } from '../../support/canary.ts'
import { openGateway } from '../../support/openGateway.ts'
import { judge } from './judge.ts'
import { settleAll } from './settleAll.ts'
import { submitAll } from './submitAll.ts'

const groupId = 'fault'

/** A few runs, an upload and a cancel on a server with a fault, in this process. */
export async function playFault(version: ComfyVersion, fault: Fault): Promise<ReturnType<typeof judge>> {
  const comfy = await startComfy({ version })
  const workflows = await readWorkflows('test/servers/disasters')
  const { url, close } = await openGateway(comfy.url, { workflows })
  const client = createClient({ baseUrl: url, apiKey: CANARY, retryDelayMs: 50 })
  try {
    // Else all other faults would come after that of the workflows.
    if (!fault.on.includes('object_info')) await getWorkflows(client)
    comfy.faults.push({ ...fault })
    const photo = toFile(await readFile('test/comfyui/workflows/example.png'), 'photo.png')
    const submitted = await Promise.all([
      submitAll(client, 'brief', [{ seed: 1, seconds: 600 }], groupId),
      submitAll(client, 'brief', [{ seed: 2 }, { seed: 3 }], groupId),
      submitAll(client, 'copy', [{ photo }], groupId),
    ])
    for (const id of submitted[0].ids) await again(() => cancelRun(client, id))
    const ids = submitted.flatMap((some) => some.ids)
    const ends = await again(() => settleAll(client, groupId, ids, 300))
    const lost = submitted.reduce((sum, some) => sum + some.lost, 0)
    const refused = submitted.flatMap((some) => some.refused)
    const executed = Object.entries(comfy.executed.runs).flatMap(([id, times]) => Array(times).fill(id))
    return judge({ lost, refused }, ends, executed)
  } finally {
    await close()
    await comfy.stop()
  }
}

/** As a caller does that gets a 503. */
async function again<T>(call: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await call()
    } catch (error) {
      // That it is not there is for certain.
      if (tries === 9 || !isFlowScaleError(error) || ('status' in error && error.status === 404)) throw error
      await wait(200)
    }
  }
}

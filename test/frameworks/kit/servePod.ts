import { createEmulator } from '@flowscale/emulator'
import { serve as serveEmulator } from '@flowscale/emulator/node'
import { comfyui, createGateway } from '@flowscale/gateway'
import { readWorkflows, serve as serveGateway } from '@flowscale/gateway/node'
import { startComfy } from '../../comfyui/server/startComfy.ts'
import { CANARY } from '../../support/canary.ts'
import { type Gate, openGate } from './openGate.ts'

export type PodName = 'emulator' | 'gateway'

/** What an app runs on. */
export interface Pod {
  readonly gate: Gate
  readonly env: Record<string, string>
  /** The runs of a group, the newest first. */
  runs(groupId: string): Promise<{ _id: string; status: string }[]>
  close(): Promise<void>
}

/** The emulator, or the gateway on the small ComfyUI, behind a gate. */
export async function servePod(name: PodName): Promise<Pod> {
  const { url, close } = await (name === 'emulator' ? emulator() : gateway())
  const gate = await openGate(url)
  return {
    gate,
    env: { FLOWSCALE_API_URL: gate.url, FLOWSCALE_API_KEY: CANARY },
    async runs(groupId) {
      const answer = await fetch(`${url}/api/v1/runs?group_id=${groupId}`, {
        headers: { 'x-api-key': CANARY },
      })
      return (await answer.json()).data.runs
    },
    async close() {
      await gate.close()
      await close()
    },
  }
}

async function emulator() {
  const emulator = createEmulator({ apiKey: CANARY, containers: 16, speed: 0.4 })
  const { url, close } = await serveEmulator(emulator)
  return {
    url,
    async close() {
      emulator.close()
      await close()
    },
  }
}

async function gateway() {
  const comfy = await startComfy({ version: '0.8.0' })
  const workflows = await readWorkflows('test/frameworks/workflows')
  const gateway = createGateway({ engine: comfyui({ url: comfy.url }), workflows, apiKey: CANARY })
  const { url, close } = await serveGateway(gateway)
  return {
    url,
    async close() {
      await close()
      gateway.close()
      await comfy.stop()
    },
  }
}

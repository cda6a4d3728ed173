import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createEmulator } from '@flowscale/emulator'
import { serve as serveEmulator } from '@flowscale/emulator/node'
import { comfyui, createGateway } from '@flowscale/gateway'
import { readWorkflows, serve as serveGateway } from '@flowscale/gateway/node'
import { startComfy } from '../../comfyui/server/startComfy.ts'
import { CANARY } from '../../support/canary.ts'

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

interface Gate {
  readonly url: string
  /** `GET /api/v1/runs/…` of each request that came. */
  readonly asked: string[]
  /** Holds the answers to the executes of a group back until the function that it gives is called. */
  hold(groupId: string): () => void
  close(): Promise<void>
}

/** Stands before a pod: notes what is asked, and can hold back the answer to an execute. */
async function openGate(pod: string): Promise<Gate> {
  const asked: string[] = []
  const held = new Map<string | null, Promise<void>>()
  const server = createServer((incoming, outgoing) => {
    const { method, url = '/', headers } = incoming
    const { pathname, searchParams } = new URL(url, pod)
    asked.push(`${method} ${pathname}`)
    const onward = request(pod + url, { method, headers }, async (answer) => {
      if (method === 'POST') await held.get(searchParams.get('group_id'))
      outgoing.writeHead(answer.statusCode!, answer.headers)
      outgoing.flushHeaders()
      answer.pipe(outgoing)
    })
    onward.on('error', () => outgoing.destroy())
    outgoing.on('close', () => onward.destroy())
    incoming.pipe(onward)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    hold(groupId) {
      let release = () => {}
      const released = new Promise<void>((resolve) => {
        release = resolve
      })
      held.set(groupId, released)
      return () => {
        held.delete(groupId)
        release()
      }
    },
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { type ComfyOptions, startComfy } from '../server/startComfy.ts'
import type { ComfyVersion } from '../server/versions.ts'
import { call } from './call.ts'
import { openSocket } from './openSocket.ts'
import type { Bench, Recording } from './types.ts'

/** A fresh server for one case. */
export async function createBench(
  version: ComfyVersion,
  recording: Recording,
  options: Partial<ComfyOptions> = {},
): Promise<Bench> {
  const comfy = await startComfy({ version, ...options })
  let counter = 0

  const get = async (path: string): Promise<any> =>
    JSON.parse(String((await call(comfy.url + path, 'GET'))?.body))
  const bench: Bench = {
    version,
    comfy,
    recording,
    sockets: [],
    names: new Map(),
    async submit(prompt, more) {
      const body = JSON.stringify({ prompt, client_id: 'recorder', ...more })
      const answer = await call(`${comfy.url}/prompt`, 'POST', {}, body)
      const { prompt_id, number } = JSON.parse(String(answer?.body))
      counter = Math.max(counter, number + 1)
      return prompt_id
    },
    async raiseTo(number) {
      const post = () => call(`${comfy.url}/prompt`, 'POST', {}, '{"prompt": {}}')
      await Promise.all(Array.from({ length: Math.max(0, number - counter) }, post))
      counter = Math.max(counter, number)
    },
    async idle() {
      const isIdle = async (): Promise<boolean> => (await get('/prompt')).exec_info.queue_remaining === 0
      for (let tries = 0; !(await isIdle()); tries++) {
        if (tries > 2000) throw new Error('the server does not come to rest')
        await wait(5)
      }
    },
    async until(isSo) {
      for (let tries = 0; !(await isSo()); tries++) {
        if (tries > 2000) throw new Error('it does not become so')
        await wait(2)
      }
    },
    running: (id) => bench.until(() => comfy.executed.nodes[`${id}/2`]),
    write(path, content = '') {
      const full = join(comfy.folder, path)
      mkdirSync(dirname(full), { recursive: true })
      writeFileSync(full, content)
    },
    async open(count = Number.POSITIVE_INFINITY) {
      const left = (recording.websocket ?? []).slice(bench.sockets.length)
      for (const { url, messages } of left.slice(0, count)) {
        const socket = await openSocket(comfy.url.replace('http', 'ws') + url)
        for (const { sent } of messages) if (sent) socket.send(sent)
        bench.sockets.push(socket)
      }
    },
  }
  return bench
}

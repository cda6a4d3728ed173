import { setTimeout as wait } from 'node:timers/promises'
import type { Item, Life } from '../types.ts'
import { pop } from './heap.ts'
import { send, sendStatus } from './messages.ts'
import { performRun } from './performRun.ts'

/** Between the last message of a run and its entry in history, as on a real server in a third of the runs. */
const historyDelayMs = 5

const hiddenKeys = ['api_key_comfy_org', 'auth_token_comfy_org']

/** One run after another, until an exception outside of a node ends the worker for good. */
export function startWorker(life: Life): void {
  let busy = false
  const work = async (): Promise<void> => {
    for (let item = pop(life.pending); item; item = pop(life.pending)) {
      life.running.push(item)
      sendStatus(life)
      await perform(life, item)
      if (life.workerDead || life.end.signal.aborted) return
    }
    if (life.freeMemory) life.cache.clear()
    life.freeMemory = false
  }
  life.wake = () => {
    if (busy || life.workerDead) return
    busy = true
    // As from another thread: whoever called goes on first.
    setImmediate(() => {
      work().then(
        () => {
          busy = false
          if (life.pending.length) life.wake()
        },
        () => {
          life.workerDead = true
        },
      )
    })
  }
}

async function perform(life: Life, item: Item): Promise<void> {
  const [, prompt_id, , extra] = item
  if (life.end.signal.aborted) return
  life.clientId = extra?.client_id
  life.lastNode = undefined
  if (typeof life.clientId === 'object' && life.clientId !== null) return life.crash()
  const entry = await performRun(life, item)
  if (entry.status.completed) await wait(historyDelayMs, undefined, { signal: life.end.signal })
  if (life.workerDead || life.end.signal.aborted) return
  const shown =
    extra && Object.fromEntries(Object.entries(extra).filter(([key]) => !hiddenKeys.includes(key)))
  entry.prompt = [item[0], prompt_id, item[2], shown, item[4]]
  life.running.splice(life.running.indexOf(item), 1)
  life.moved(prompt_id, 'out')
  if (life.history.size >= 10_000) life.history.delete(life.history.keys().next().value!)
  life.history.set(prompt_id, entry)
  if (life.freeMemory) life.cache.clear()
  life.freeMemory = false
  sendStatus(life)
  const { clientId } = life
  life.lastNode = undefined
  if (clientId !== undefined && clientId !== null)
    send(life, 'executing', { node: null, prompt_id }, clientId)
}

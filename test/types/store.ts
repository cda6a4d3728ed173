// Compiled, never run: the store narrows by its status, and checks the inputs of the workflow (see client.ts).
import type { Client, FileInput, ResultOutput } from '@flowscale/client'
import { createRunStore, type RunSnapshot } from '@flowscale/client/store'
import { defineWorkflow, type NamedOutputs } from '@flowscale/client/typed'

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
declare const same: <_ extends true>() => void

interface Prompt {
  text_51536: string
  image_1234?: FileInput
}
const textToImage = defineWorkflow<Prompt, 'image_output'>('bncu0a1kipv', ['image_output'])

export async function any(client: Client, prompt: Prompt): Promise<void> {
  const store = createRunStore(client)
  await store.start('bncu0a1kipv', { text_51536: 'a red fox', seed: 1, tags: ['a', 'b'] })
  // An interface has no index signature.
  const end = await store.start('bncu0a1kipv', prompt, { arrays: 'indexed', headers: { a: 'b' } })
  same<Same<typeof end, RunSnapshot>>()
  // @ts-expect-error: no input
  await store.start('bncu0a1kipv', { text: () => {} })
  // @ts-expect-error: not an object
  await store.start('bncu0a1kipv', 'a red fox')
  // @ts-expect-error: the store has a group of its own
  await store.start('bncu0a1kipv', prompt, { groupId: 'foxes' })
  // @ts-expect-error: a store of any workflow takes its id
  await store.start(textToImage, prompt)
  const now = store.getSnapshot()
  if (now.status === 'completed') same<Same<typeof now.outputs, ResultOutput[]>>()
  if (now.status === 'running') same<Same<typeof now.progress, number | undefined>>()
  if (now.status === 'lost') same<Same<typeof now.groupId, string>>()
  if (now.status === 'idle') same<Same<typeof now.startedAt, undefined>>()
  else same<Same<typeof now.startedAt, number>>()
  // @ts-expect-error: only a run that is completed has outputs
  console.log(now.outputs)
  // @ts-expect-error: it is read-only
  now.status = 'idle'
}

export async function typed(client: Client, prompt: Prompt): Promise<void> {
  const store = createRunStore<typeof textToImage>(client, { storage: null, key: 'mine', timeoutMs: 1000 })
  const end = await store.start(textToImage, prompt)
  if (end.status === 'completed') {
    same<Same<typeof end.outputs, NamedOutputs<'image_output'>>>()
    console.log(end.outputs.image_output[0]?.download_url)
    // @ts-expect-error: no such output
    console.log(end.outputs.video)
  }
  await store.start(textToImage, { text_51536: 'a red fox' })
  // @ts-expect-error: a number is no text
  await store.start(textToImage, { text_51536: 1 })
  // @ts-expect-error: an input is missing
  await store.start(textToImage, {})
  // @ts-expect-error: no such input
  await store.start(textToImage, { text_51536: 'a', text: 'b' })
  // @ts-expect-error: an id has no types
  await store.start('bncu0a1kipv', prompt)
  // Any listener, and functions that need no `this`.
  const { subscribe, getSnapshot, getServerSnapshot, cancel, reset, close } = store
  const stop = subscribe(() => console.log(getSnapshot().status, getServerSnapshot().status))
  stop()
  await cancel()
  reset()
  close()
}

export function options(client: Client): void {
  createRunStore(client, { push: undefined, key: undefined })
  // @ts-expect-error: a storage has setItem, too
  createRunStore(client, { storage: { getItem: () => null } })
  // @ts-expect-error: no such option
  createRunStore(client, { persist: true })
}

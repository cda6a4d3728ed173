// Keeps records among the user data of ComfyUI, where all its gateways find them.
import type { EngineContext } from '../../engine.ts'
import { probeRecord, type RecordStore } from '../../records/recordStore.ts'
import { type ComfyClient, NoAnswer, parseJson } from './client.ts'

export function createUserdata(client: ComfyClient, log: EngineContext['log']): RecordStore {
  let refused = false
  const pathOf = (path: string): string => `/userdata/${encodeURIComponent(`flowscale/${path}`)}`

  /**
   * Gives nothing if the server keeps no records, or the record at `path` is broken. Any other unexpected answer of a server
   * that keeps records is an error.
   */
  async function read<T>(address: string, path?: string): Promise<T | undefined> {
    const { status, text } = await client.send(address)
    const value = status === 200 ? parseJson(text) : undefined
    if (value !== undefined) return value as T
    if (status === 404 || (status === 200 && path !== undefined && (await isBroken(path)))) return undefined
    if (status === 200) throw new NoAnswer('a record is not JSON')
    if (!refused) await store.write(probeRecord.path, probeRecord.value)
    if (!refused) throw new NoAnswer(`status ${status} for a record`)
    return undefined
  }

  /** After the disk was full, a record may be empty or cut off: it counts as none, and is written again. */
  async function isBroken(path: string): Promise<boolean> {
    const isOdd = async (): Promise<boolean> => {
      const { status, text } = await client.send(pathOf(path))
      return status === 200 && parseJson(text) === undefined
    }
    if (!(await isOdd())) return false
    if (path === probeRecord.path) return true
    // The whole server may fail, or only for a moment: read another record, and then this one again.
    await client.read(pathOf(probeRecord.path))
    return await isOdd()
  }

  async function post(path: string, value: unknown, overwrite: boolean): Promise<number> {
    const init = { method: 'POST', json: value, again: true } as const
    return (await client.send(`${pathOf(path)}?overwrite=${overwrite}`, init)).status
  }

  const store: RecordStore = {
    read: (path) => read(pathOf(path), path),
    async write(path, value) {
      let status = await post(path, value, false)
      if (status === 409 && (await isBroken(path))) status = await post(path, value, true)
      const isNew = status >= 200 && status < 300
      if (isNew || status === 409) {
        refused = false
        return isNew
      }
      if (path === probeRecord.path) {
        const so = 'runs are known while they are in its queue or history, and lists are empty'
        if (!refused) log('warn', `ComfyUI keeps no records (status ${status} for /userdata): ${so}`)
        refused = true
        return true
      }
      // If the server keeps other records, this one may be written later, and must not be lost.
      await store.write(probeRecord.path, probeRecord.value)
      if (!refused) throw new NoAnswer(`status ${status} for a record`)
      return true
    },
    async remove(path) {
      await client.send(pathOf(path), { method: 'DELETE' })
    },
    async list(folder) {
      const query = new URLSearchParams({ dir: `flowscale/${folder}`, recurse: 'true' })
      const paths = (await read<unknown[]>(`/userdata?${query}`)) ?? []
      return paths.map((path) => String(path).replaceAll('\\', '/'))
    },
  }
  return store
}

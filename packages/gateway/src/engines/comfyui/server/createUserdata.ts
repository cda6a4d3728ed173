import type { EngineContext } from '../../../engine.ts'
import { about } from '../../../records/about.ts'
import type { Place } from '../../../records/types.ts'
import type { Server } from './createServer.ts'
import { NoAnswer } from './NoAnswer.ts'
import { parseJson } from './parseJson.ts'

/** Records on ComfyUI itself, where it keeps its user's data: no gateway has to hold any, and all agree. */
export function createUserdata(server: Server, log: EngineContext['log']): Place {
  let refused = false
  const pathOf = (path: string): string => `/userdata/${encodeURIComponent(`flowscale/${path}`)}`

  /** A server that keeps nothing has nothing; but of any other, an odd answer tells nothing. */
  async function read<T>(path: string): Promise<T | undefined> {
    const { status, text } = await server.send(path)
    const value = status === 200 ? parseJson(text) : undefined
    if (value !== undefined) return value as T
    if (status === 200) throw new NoAnswer('a record is not JSON', true)
    if (status === 404) return undefined
    if (!refused) await place.write(about.path, about.value)
    if (!refused) throw new NoAnswer(`status ${status} for a record`, true)
    return undefined
  }

  const place: Place = {
    refuses: () => refused,
    read: (path) => read(pathOf(path)),
    async write(path, value) {
      const init = { method: 'POST', json: value, again: true } as const
      const { status } = await server.send(`${pathOf(path)}?overwrite=false`, init)
      const isNew = status >= 200 && status < 300
      if (isNew || status === 409) {
        refused = false
        return isNew
      }
      if (path === about.path) {
        const so = 'runs are known while they are in its queue or history, and lists are empty'
        if (!refused) log('warn', `ComfyUI keeps no records (status ${status} for /userdata): ${so}`)
        refused = true
        return true
      }
      // One record that is not taken may be written later: of a server that keeps any, it must not be lost.
      await place.write(about.path, about.value)
      if (!refused) throw new NoAnswer(`status ${status} for a record`, true)
      return true
    },
    async remove(path) {
      await server.send(pathOf(path), { method: 'DELETE' })
    },
    async list(folder) {
      const query = new URLSearchParams({ dir: `flowscale/${folder}`, recurse: 'true' })
      const paths = (await read<unknown[]>(`/userdata?${query}`)) ?? []
      return paths.map((path) => String(path).replaceAll('\\', '/'))
    },
  }
  return place
}

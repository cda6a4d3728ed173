import type { EngineContext } from '../../../engine.ts'
import type { Server } from '../server/createServer.ts'
import { NoAnswer } from '../server/NoAnswer.ts'
import { parseJson } from '../server/parseJson.ts'
import type { Place } from './types.ts'

/** Records on ComfyUI itself, where it keeps its user's data: no gateway has to hold any, and all agree. */
export function createUserdata(server: Server, log: EngineContext['log']): Place {
  let refused = false
  const at = (path: string): string => `/userdata/${encodeURIComponent(`flowscale/${path}`)}`

  /** A server that keeps nothing has nothing; but of any other, an odd answer tells nothing. */
  async function absent(status: number): Promise<undefined> {
    if (status === 404) return undefined
    if (!refused) await place.write('about.json', 'Records of runs, kept for 30 days')
    if (!refused) throw new NoAnswer(`status ${status} for a record`, true)
  }

  const place: Place = {
    async read(path) {
      const { status, text } = await server.send(at(path))
      return status === 200 ? parse(text) : absent(status)
    },
    async write(path, value) {
      const init = { method: 'POST', json: value, again: true } as const
      const { status } = await server.send(`${at(path)}?overwrite=false`, init)
      if (status === 409) return false
      const kept = status >= 200 && status < 300
      if (!kept && !refused) {
        log(
          'warn',
          `ComfyUI keeps no records (status ${status} for /userdata): runs are known while they are in its queue or history, and lists are empty`,
        )
      }
      refused = !kept
      return true
    },
    async remove(path) {
      await server.send(at(path), { method: 'DELETE' })
    },
    async list(folder) {
      const query = new URLSearchParams({ dir: `flowscale/${folder}`, recurse: 'true' })
      const { status, text } = await server.send(`/userdata?${query}`)
      const paths = status === 200 ? (parse(text) as unknown[]) : ((await absent(status)) ?? [])
      return paths.map((path) => String(path).replaceAll('\\', '/'))
    },
  }
  return place
}

function parse(text: string): unknown {
  const value = parseJson(text)
  if (value === undefined) throw new NoAnswer('a record is not JSON', true)
  return value
}

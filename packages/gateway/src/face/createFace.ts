import { createHandler } from '../http/createHttpApi.ts'
import type { Face, FaceOptions, OpenFace } from '../http/types.ts'
import { runUpdate } from './shown/runUpdate.ts'

/** Puts the API in front of an engine. `close` ends the streams of events; the engine has a `close` of its own. */
export function createFace(options: FaceOptions): Face & { close(): void } {
  const { engine, dialect, apiKey } = options
  const streams: OpenFace['streams'] = { ends: new Set(), closed: false }
  return {
    apiKey,
    handle: createHandler({ ...options, streams }),
    watch: (listener) => engine.watch?.((run) => listener(runUpdate(dialect, run))) ?? (() => {}),
    async stateOf(runId) {
      const run = await engine.getRun(runId)
      return run ? runUpdate(dialect, run) : null
    },
    follow: engine.follow && ((runId) => engine.follow!(runId)),
    close() {
      streams.closed = true
      for (const end of streams.ends) end()
    },
  }
}

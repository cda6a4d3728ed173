import { createHandler } from './createHandler.ts'
import { runUpdate } from './shown/runUpdate.ts'
import type { Face, FaceOptions } from './types.ts'

/** Puts the API in front of an engine. */
export function createFace(options: FaceOptions): Face {
  const { engine, dialect, apiKey } = options
  return {
    apiKey,
    handle: createHandler(options),
    watch: (listener) => engine.watch((run) => listener(runUpdate(dialect, run))),
    async stateOf(runId) {
      const run = await engine.getRun(runId)
      return run ? runUpdate(dialect, run) : null
    },
    follow: engine.follow && ((runId) => engine.follow!(runId)),
  }
}

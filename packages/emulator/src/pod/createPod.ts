import { createFaults } from '../faults/createFaults.ts'
import { createRandom } from '../internal/createRandom.ts'
import { addBuiltIn } from '../options/addBuiltIn.ts'
import type { Settings } from '../options/checkOptions.ts'
import { countOne, createLedger } from './createLedger.ts'
import type { Container, Pod } from './types.ts'

export function createPod(settings: Settings): Pod {
  const containers = Array.from({ length: settings.containers }, (_, index): Container => {
    const name = `container #${index + 1}`
    return {
      name,
      uri: `http://comfy-${index + 1}.flowscale.test:8188`,
      count: 0,
      running: null,
      pending: [],
    }
  })
  const ledger = createLedger()
  return {
    settings,
    workflows: addBuiltIn(settings.workflows),
    containers,
    runs: new Map(),
    byOutput: new Map(),
    ended: [],
    // Streams of their own: how often a client polls must not change the ids of later runs.
    randomRunIds: createRandom(`${settings.seed}/run ids`),
    randomNames: createRandom(`${settings.seed}/output names`),
    randomRequestIds: createRandom(`${settings.seed}/request ids`),
    randomSeeds: createRandom(`${settings.seed}/seeds`),
    stats: { requests: 0, runsStarted: 0, keysRefusedAtFiles: 0 },
    ledger,
    faults: createFaults(settings.faults, settings.seed, (kind) => countOne(ledger.faults, kind)),
    listeners: new Set(),
    followers: new Map(),
    updates: [],
    closed: false,
  }
}

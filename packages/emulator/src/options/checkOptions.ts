import type { Dialect } from '@flowscale/gateway/face'
import { checkFaults } from '../faults/checkFaults.ts'
import type { FaultOptions } from '../faults/types.ts'
import type { EmulatorOptions } from '../types.ts'
import { checkWorkflows, type Workflow } from './checkWorkflows.ts'

export interface Settings {
  apiKey: string
  seed: number
  containers: number
  speed: number
  dialect: Dialect
  workflows: Workflow[]
  maxRuns: number
  urlTtlMs: number
  faults: FaultOptions | undefined
}

const KNOWN = [
  'apiKey',
  'seed',
  'containers',
  'speed',
  'dialect',
  'workflows',
  'maxRuns',
  'urlTtlMs',
  'faults',
]
const DIALECTS: readonly unknown[] = ['readme', 'openapi', 'python'] satisfies Dialect[]

export function checkOptions(options: EmulatorOptions): Settings {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError('createEmulator: options must be an object')
  }
  for (const name of Object.keys(options)) {
    if (!KNOWN.includes(name)) {
      throw new TypeError(
        `createEmulator: unknown option "${name}"; the known options are ${KNOWN.join(', ')}`,
      )
    }
  }
  const {
    apiKey = 'fsk_local_demo_key',
    seed = 1,
    containers = 2,
    speed = 1,
    dialect = 'readme',
    workflows = [],
    maxRuns = 1000,
    urlTtlMs = 900_000,
    faults,
  } = options
  const isKey = typeof apiKey === 'string' && /^[\x21-\x7e]+$/.test(apiKey)
  expect(isKey, 'apiKey', 'a string of visible ASCII characters', typeof apiKey)
  expect(Number.isFinite(seed), 'seed', 'a finite number', seed)
  expect(isWhole(containers, 100), 'containers', 'a whole number from 1 to 100', containers)
  expect(typeof speed === 'number' && speed > 0, 'speed', 'a number above 0', speed)
  expect(DIALECTS.includes(dialect), 'dialect', DIALECTS.map((d) => `"${d}"`).join(' or '), dialect)
  expect(isWhole(maxRuns, Number.MAX_SAFE_INTEGER), 'maxRuns', 'a whole number above 0', maxRuns)
  expect(Number.isFinite(urlTtlMs) && urlTtlMs > 0, 'urlTtlMs', 'a number above 0', urlTtlMs)
  expect(Array.isArray(workflows), 'workflows', 'an array', typeof workflows)
  if (faults !== undefined) checkFaults(faults)
  return {
    apiKey,
    seed,
    containers,
    speed,
    dialect,
    workflows: checkWorkflows(workflows),
    maxRuns,
    urlTtlMs,
    faults,
  }
}

function isWhole(value: unknown, most: number): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 1 && (value as number) <= most
}

function expect(ok: boolean, name: string, what: string, got: unknown): void {
  if (!ok) throw new TypeError(`createEmulator: option "${name}" must be ${what}, got ${String(got)}`)
}

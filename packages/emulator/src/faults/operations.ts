import type { ApiOperation } from '@flowscale/gateway/face'
import type { FaultOperation } from './fault.ts'

/** Those whose answer is one JSON text. */
export const JSONS: readonly ApiOperation[] = [
  'checkHealth',
  'getQueue',
  'getWorkflows',
  'executeWorkflow',
  'getOutput',
  'cancelRun',
  'getRun',
  'getRuns',
]

export const API: readonly ApiOperation[] = [...JSONS, 'connectEvents']

/** All that are HTTP requests. */
export const HTTP: readonly FaultOperation[] = [...API, 'downloadOutput']

export const OPERATIONS: readonly FaultOperation[] = [...HTTP, 'connect', 'message']

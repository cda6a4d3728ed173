import type { ApiOperation } from '@flowscale/gateway/face'
import type { FaultOperation } from './fault.ts'

export const API: readonly ApiOperation[] = [
  'checkHealth',
  'getQueue',
  'getWorkflows',
  'executeWorkflow',
  'getOutput',
  'cancelRun',
  'getRun',
  'getRuns',
]

/** All that are HTTP requests. */
export const HTTP: readonly FaultOperation[] = [...API, 'downloadOutput']

export const OPERATIONS: readonly FaultOperation[] = [...HTTP, 'connect', 'message']

import { getWorkflows } from '../http/routes/comfy.ts'
import type { ApiOperation, Call, Dialect } from '../http/types.ts'
import { cancelRun } from './api/cancelRun.ts'
import { checkHealth } from './api/checkHealth.ts'
import { connectEvents } from './api/connectEvents.ts'
import { executeWorkflow } from './api/executeWorkflow.ts'
import { getOutput } from './api/getOutput.ts'
import { getQueue } from './api/getQueue.ts'
import { getRun } from './api/getRun.ts'
import { getRuns } from './api/getRuns.ts'
import { upgradeRequired } from './api/upgradeRequired.ts'

export interface Route {
  readonly method: 'GET' | 'POST'
  readonly path: RegExp
  /** Nothing stands around a route without one. */
  readonly operation?: ApiOperation
  answer(call: Call): Response | Promise<Response>
}

/** The first route that fits is taken. */
export function routesOf(dialect: Dialect): readonly Route[] {
  const all: Route[] = [
    { method: 'GET', path: /^\/api\/v1\/comfy\/health$/, operation: 'checkHealth', answer: checkHealth },
    { method: 'GET', path: /^\/api\/v1\/comfy\/queue$/, operation: 'getQueue', answer: getQueue },
    { method: 'POST', path: /^\/api\/v1\/runs$/, operation: 'executeWorkflow', answer: executeWorkflow },
    { method: 'GET', path: /^\/api\/v1\/runs$/, operation: 'getRuns', answer: getRuns },
    { method: 'GET', path: /^\/api\/v1\/runs\/output$/, operation: 'getOutput', answer: getOutput },
    { method: 'GET', path: /^\/api\/v1\/runs\/([^/]+)$/, operation: 'getRun', answer: getRun },
    { method: 'GET', path: /^\/api\/v1\/ws$/, answer: upgradeRequired },
  ]
  if (dialect === 'openapi') return all
  return [
    ...all,
    { method: 'GET', path: /^\/api\/v1\/comfy\/workflows$/, operation: 'getWorkflows', answer: getWorkflows },
    { method: 'POST', path: /^\/api\/v1\/runs\/([^/]+)\/cancel$/, operation: 'cancelRun', answer: cancelRun },
    {
      method: 'GET',
      path: /^\/api\/v1\/runs\/([^/]+)\/events$/,
      operation: 'connectEvents',
      answer: connectEvents,
    },
  ]
}

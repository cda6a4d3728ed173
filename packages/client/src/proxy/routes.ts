import type { ProxyOperation } from './types.ts'

interface Route {
  method: 'GET' | 'POST'
  /** Below `/api/v1/`. Its group is the id of a run: nothing that would have to be encoded, or could be decoded. */
  path: RegExp
  /** The parameters that pass. */
  query: readonly string[]
}

/** All that passes. The first path and method that fit count. */
export const routes: Readonly<Record<ProxyOperation, Route>> = {
  checkHealth: { method: 'GET', path: /^comfy\/health$/, query: [] },
  getQueue: { method: 'GET', path: /^comfy\/queue$/, query: [] },
  getWorkflows: { method: 'GET', path: /^comfy\/workflows$/, query: [] },
  executeWorkflow: { method: 'POST', path: /^runs$/, query: ['workflow_id', 'group_id'] },
  getRuns: {
    method: 'GET',
    path: /^runs$/,
    query: ['group_id', 'sort_by', 'sort_order', 'page', 'page_size'],
  },
  getOutput: { method: 'GET', path: /^runs\/output$/, query: ['filename'] },
  cancelRun: { method: 'POST', path: /^runs\/([\w.~-]+)\/cancel$/, query: [] },
  // `output` is no run.
  connectEvents: { method: 'GET', path: /^runs\/(?!output\/)([\w.~-]+)\/events$/, query: [] },
  getRun: { method: 'GET', path: /^runs\/([\w.~-]+)$/, query: [] },
}

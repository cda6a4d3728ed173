import * as api from '@flowscale/client'

/** What each operation of the API takes between the client and its options. */
export const operationArguments = {
  checkHealth: [],
  getQueue: [],
  getWorkflows: [],
  executeWorkflow: ['w', { a: 'b' }],
  getOutput: ['f.png'],
  cancelRun: ['run-1'],
  getRun: ['run-1'],
  getRuns: [],
} as const
export type OperationName = keyof typeof operationArguments
export type Operation = (client: api.Client, options?: object) => Promise<any>

/** Each operation of the API, with these arguments. */
export const operations = Object.fromEntries(
  Object.entries(operationArguments).map(([name, before]) => [
    name,
    (client: api.Client, options?: object) => (api as any)[name](client, ...before, options),
  ]),
) as Record<OperationName, Operation>

import type { Draft, Engine, Input, Run, Workflow } from '@flowscale/gateway/http'

export const run: Run = {
  id: 'r1',
  workflowId: 'w',
  groupId: null,
  status: 'running',
  progress: 0.5,
  node: 'Sampler',
  inputs: [],
  outputNames: ['image_r1'],
  files: ['image r1.png'],
  error: null,
  createdAt: 1,
  startedAt: 2,
  completedAt: null,
}

const input = (kind: Input['kind'], more: Partial<Input> = {}): Input => ({
  kind,
  required: true,
  array: false,
  ...more,
})

export const workflow: Workflow = {
  id: 'w',
  name: 'W',
  description: 'Does',
  inputs: new Map([
    ['text', input('string')],
    ['seed', input('number', { required: false, default: 7, min: 0, max: 9, integer: true })],
    ['style', input('string', { required: false, options: ['a', 'b'] })],
  ]),
  outputs: new Map([['image', 'image']]),
}

export const draft: Draft = {
  workflow,
  putFile: async () => ({}),
  putUrl: async () => ({}),
  submit: async () => ({ run, number: 3 }),
}

/** An engine that has one run; `own` replaces what it does. */
export function fakeEngine(own: Partial<Engine> = {}): Engine {
  return {
    workflows: async () => [workflow],
    draft: async (workflowId) => (workflowId === 'w' ? draft : undefined),
    getRun: async (id) => (id === 'r1' ? run : undefined),
    getRuns: async () => ({ runs: [run], total: 1 }),
    cancelRun: async () => undefined,
    containers: async () => [],
    findOutput: async () => undefined,
    readOutput: async () => undefined,
    watch: () => () => {},
    close() {},
    ...own,
  }
}

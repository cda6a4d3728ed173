import { assert, suite } from '#test'
import { createProgress } from '../../../../../packages/gateway/src/comfyui/api/socket.ts'

const test = suite('progress by the socket of a ComfyUI')

const submitted = {
  id: 'r',
  workflowId: 'w',
  groupId: null,
  createdAt: 0,
  shown: [],
  outputs: [],
  titles: { 1: 'Load', 2: 'Sample', 3: 'Save', 4: 'Cached' },
  nodes: 4,
}

test('progress counts what is finished of what has to run', () => {
  const hear = createProgress(submitted, 0)
  const told = (type: string, data: object): unknown => hear(type, { prompt_id: 'r', ...data })
  assert.equal(told('execution_cached', { nodes: ['4', 'elsewhere'] }), { progress: 0, node: undefined })
  told('executing', { node: '1' })
  assert.equal(told('executing', { node: '2' }), { progress: 1 / 3, node: 'Sample' })
  assert.equal(told('progress', { node: '2', value: 1, max: 2 }), { progress: 0.5, node: 'Sample' })
  const state = {
    1: { state: 'finished' },
    2: { state: 'running', value: 1, max: 4 },
    '2.1': { state: 'finished' },
  }
  assert.equal(told('progress_state', { nodes: state }), { progress: 0.5, node: 'Sample' })
  assert.is(hear('progress', { prompt_id: 'another', node: '2', value: 2, max: 2 }), undefined)
  assert.is(told('status', {}), undefined)
  assert.is(hear('executing', { node: null }), undefined, 'no run is named')
  assert.equal(told('executed', { node: '2' }), { progress: 2 / 3, node: 'Sample' })
  assert.equal(told('executed', { node: '3' }), { progress: 0.99, node: 'Sample' })
  assert.is(told('executing', { node: null }), 'ended')
})

test('progress goes on from what was told before', () => {
  const hear = createProgress(submitted, 0.6)
  assert.equal(hear('executing', { node: '2' }), { progress: 0.6, node: 'Sample' })
})

import { equal, ok, rejection } from './assert.ts'
import { type Case, type Context, one } from './types.ts'

const withList = { dialects: ['readme', 'python'] } as const
const quiet = { enableLogging: false }
const make = ({ FlowscaleAPI, options }: Context) => new FlowscaleAPI({ ...options, ...quiet })

/** The class of the published package. */
export const facadeCases: Case[] = [
  one('FlowscaleAPI', 'every operation', withList, async (context) => {
    const flowscale = make(context)
    equal((await flowscale.checkHealth()).status, 'success', 'checkHealth')
    equal((await flowscale.getQueue()).data.length, context.containers, 'getQueue')
    ok((await flowscale.getWorkflows()).data.length > 3, 'getWorkflows')
    const { data } = await flowscale.executeWorkflow('slow', {}, 'group')
    equal((await flowscale.getRun(data.run_id)).data._id, data.run_id, 'getRun')
    equal((await flowscale.getRuns('group')).data.runs.length, 1, 'getRuns')
    equal((await flowscale.cancelRun(data.run_id)).status, 'success', 'cancelRun')
    const result = await flowscale.executeWorkflowAsync('quick', { text: 'dawn' }, undefined, 10)
    ok(!Array.isArray(result.data) && result.data.download_url, 'executeWorkflowAsync')
    const run = await flowscale.getRun(result.runId)
    const output = await flowscale.getOutput(run.data.outputs[0]!.filename!)
    equal(output?.data.generation_status, 'success', 'getOutput')
  }),
  one('FlowscaleAPI', 'a time-out says so, and carries the run', withList, async (context) => {
    const error = await rejection(make(context).executeWorkflowAsync('nev3rend5run', {}, undefined, 10, 50))
    ok(error.message.includes('timed out') && error.runId, error.message)
  }),
  one(
    'FlowscaleAPI',
    'logging, headers, and a key that nobody sees',
    { dialects: ['readme'] },
    async (context) => {
      const { FlowscaleAPI, options } = context
      const flowscale = make(context)
      flowscale.setLoggingConfig(true, 'error')
      equal(flowscale.getLoggingConfig(), { enabled: true, level: 'error' }, 'logging')
      flowscale.updateCustomHeaders({ 'X-A': '1' })
      equal(flowscale.getCustomHeaders(), { 'X-A': '1' }, 'headers')
      flowscale.clearCustomHeaders()
      equal(flowscale.getCustomHeaders(), {}, 'no headers')
      ok(!JSON.stringify(flowscale).includes(options.apiKey), 'no key')
      const { apiKey, ...rest } = options
      const error = await rejection((async () => new FlowscaleAPI(rest as any))())
      ok(error.message.includes('FLOWSCALE_API_KEY'), error.message)
    },
  ),
  one(
    'FlowscaleAPI',
    'proxyMode sends the custom headers and no key',
    { dialects: ['readme'], needs: ['lab'] },
    async ({ FlowscaleAPI, lab }) => {
      const { url, seen } = await lab.script([{ body: '{"status":"success","data":[]}' }])
      const customHeaders = { Authorization: 'Bearer abc' }
      await new FlowscaleAPI({ baseUrl: url, proxyMode: true, customHeaders, ...quiet }).checkHealth()
      const [request] = await seen()
      equal(
        [request!.headers.authorization, request!.headers['x-api-key']],
        ['Bearer abc', undefined],
        'headers',
      )
    },
  ),
  one(
    'FlowscaleAPI',
    'its WebSocket: connect, send, disconnect',
    { dialects: ['readme'], needs: ['HTTP', 'WebSocket'] },
    async (context) => {
      const flowscale = make(context)
      ok(!flowscale.isWebSocketConnected() && !flowscale.sendWebSocketMessage({}), 'not connected')
      await new Promise<void>((onOpen, onError) => flowscale.connectWebSocket({ onOpen, onError }))
      ok(flowscale.isWebSocketConnected(), 'connected')
      const message = { type: 'client_event', data: { action: 'subscribe', runId: 'x' } }
      ok(flowscale.sendWebSocketMessage(message), 'sent')
      flowscale.disconnectWebSocket()
      ok(!flowscale.isWebSocketConnected(), 'disconnected')
    },
  ),
]

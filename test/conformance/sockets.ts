import { equal, ok, rejection } from './assert.ts'
import { type Case, one } from './types.ts'

const socket = { dialects: ['readme'], needs: ['HTTP', 'WebSocket'] } as const
const faulty = { ...socket, needs: ['lab', 'WebSocket'] } as const
const prompt = { text: 'a red fox in snow' }

/** The WebSocket adapter, and waits with push. */
export const socketCases: Case[] = [
  one(
    'connectWebSocket',
    'opens, tells of a run until its end, and closes',
    socket,
    async ({ lib, client }) => {
      const closes: unknown[] = []
      const connection = lib.connectWebSocket(client, {
        onClose: ({ wasClean, final }) => closes.push([wasClean, final]),
      })
      await connection.opened
      ok(connection.connected, 'connected')
      const { data } = await lib.executeWorkflow(client, 'quick', prompt)
      ok(lib.subscribeToRun(connection, data.run_id), 'subscribed')
      const states: string[] = []
      for await (const message of connection) {
        if (message.type !== 'run_status_update' || message.data.run_id !== data.run_id) continue
        states.push(message.data.status)
        if (message.data.status === 'completed') break
      }
      equal(states.at(-1), 'completed', 'states')
      connection.close()
      ok(!connection.connected && !connection.send('late'), 'closed')
      while (!closes.length) await new Promise((resolve) => setTimeout(resolve, 5))
      equal(closes[0], [true, true], 'close')
    },
  ),
  one(
    'connectWebSocket',
    'a dropped connection is made anew, with its subscriptions',
    faulty,
    async ({ lib, lab, options }) => {
      const pod = await lab.emulator({ drop: 2 })
      const own = lib.createClient({ ...options, ...pod })
      let reconnects = 0
      const connection = lib.connectWebSocket(own, {
        reconnectInterval: 1,
        maxReconnectAttempts: 100,
        onReconnect: () => reconnects++,
      })
      await connection.opened
      const { runId } = await lib.executeWorkflowAsync(own, 'quick', prompt, {
        push: connection,
        pollIntervalMs: 200,
      })
      ok(runId, 'a result')
      while (!reconnects) {
        await lib.executeWorkflowAsync(own, 'quick', prompt, { push: connection, pollIntervalMs: 50 })
      }
      connection.close()
    },
  ),
  one(
    'connectWebSocket',
    'a refused handshake ends the attempts and rejects opened',
    faulty,
    async ({ lib, lab, options }) => {
      const pod = await lab.emulator({ refuse: 503 })
      const errors: unknown[] = []
      const connection = lib.connectWebSocket(lib.createClient({ ...options, ...pod }), {
        maxReconnectAttempts: 1,
        reconnectInterval: 1,
        onError: (error) => errors.push(error),
      })
      const error = await rejection(connection.opened)
      ok(error instanceof lib.NetworkError, 'NetworkError')
      equal(errors.length, 2, 'attempts')
      ok(![error, ...errors].some((one) => String(one).includes(pod.apiKey)), 'no key')
    },
  ),
  one(
    'connectWebSocket',
    'an abort closes it; iteration throws the reason',
    socket,
    async ({ client, lib }) => {
      const control = new AbortController()
      const connection = lib.connectWebSocket(client, { signal: control.signal })
      await connection.opened
      const reason = { mine: true }
      const reading = rejection(
        (async () => {
          for await (const _ of connection);
        })(),
      )
      control.abort(reason)
      ok((await reading) === reason, 'the same reason')
    },
  ),
  one('executeWorkflowAsync', 'push: resolves long before the next poll', socket, async ({ lib, client }) => {
    const connection = lib.connectWebSocket(client)
    await connection.opened
    const options = { push: connection, pollIntervalMs: 200_000, timeoutMs: 100_000 }
    const { outputs } = await lib.executeWorkflowAsync(client, 'quick', prompt, options)
    equal(outputs.length, 1, 'outputs')
    connection.close()
  }),
]

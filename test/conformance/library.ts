import { equal, ok, rejection } from './assert.ts'
import { type Case, one } from './types.ts'

const once = { dialects: ['readme'] } as const

/** What needs no server of its own: the config, errors, guards, the logger. */
export const libraryCases: Case[] = [
  one(
    'createClient',
    'shows the key to nobody, and can’t be copied',
    once,
    async ({ client, options, lib }) => {
      const { apiKey } = options
      const properties = Reflect.ownKeys(client).map((name) => String(Reflect.get(client, name)))
      ok(!`${JSON.stringify(client)} ${String(client)} ${properties.join()}`.includes(apiKey), 'no key')
      ok(Object.isFrozen(client), 'frozen')
      const error = await rejection(lib.checkHealth({ ...client }))
      equal(error.code, 'ERR_FLOWSCALE_ARGUMENT', 'a copy')
    },
  ),
  one('createClient', 'names a wrong option and shows no value', once, async ({ lib, options }) => {
    for (const wrong of [{ baseURL: 'x' }, { timeoutMs: -1 }, { baseUrl: 'ftp://a' }, { apiKey: 'a\nb' }]) {
      const error = await rejection((async () => lib.createClient({ ...options, ...(wrong as any) }))())
      ok(error instanceof lib.ArgumentError && error instanceof TypeError, 'ArgumentError')
      ok(error.message.includes(Object.keys(wrong)[0]!), error.message)
      ok(!error.message.includes(options.apiKey), 'no key')
    }
  }),
  one(
    'isEnded',
    'knows the words for an end, and takes any other word for a run that goes on',
    once,
    async ({ lib }) => {
      const words = ['completed', 'success', 'failed', 'error', 'cancelled', 'canceled', 'timed_out']
      ok(words.every(lib.isEnded), 'ended')
      ok(!['queued', 'pending', 'running', 'in_progress', 'new', '', undefined].some(lib.isEnded), 'goes on')
    },
  ),
  one('isFlowScaleError', 'two copies of the package agree', once, async ({ lib, copy, options, client }) => {
    ok(lib.HttpError !== copy.HttpError, 'two copies')
    const theirs = copy.createClient({ ...options, apiKey: 'wrong-key', maxRetries: 0 })
    const error = await rejection(lib.checkHealth(theirs))
    ok(copy.isFlowScaleError(error) && lib.isFlowScaleError(error), 'guards')
    const other = await rejection(copy.checkHealth(theirs))
    ok(lib.isFlowScaleError(other) && !(other instanceof lib.HttpError), 'by brand, not by class')
    equal((await copy.checkHealth(client)).status, 'success', 'a client of the other copy')
    ok(!lib.isFlowScaleError(new Error('x')) && !lib.isFlowScaleError(null), 'others')
  }),
  one('errors', 'have a name, a code and a stack, and no key', once, async (context) => {
    const wrong = { ...context.options, apiKey: 'not-the-key-at-all' }
    const error = await rejection(context.lib.checkHealth(context.lib.createClient(wrong)))
    equal([error.name, error.code], ['HttpError', 'ERR_FLOWSCALE_HTTP'], 'name and code')
    ok(String(error).startsWith('HttpError: GET '), String(error))
    ok(!`${error.stack} ${JSON.stringify(error)}`.includes(wrong.apiKey), 'no key')
  }),
  one('createLogger', 'writes its lines, by level, without keys', once, async ({ lib }) => {
    const lines: unknown[][] = []
    const write = (...args: unknown[]) => void lines.push(args)
    const sink = { debug: write, info: write, warn: write, error: write }
    const logger = lib.createLogger({ level: 'warn', sink })
    logger.info('dropped')
    logger.warn('kept', { apiKey: 'abcdefgh12345678', a: 1 })
    logger.setLevel('debug')
    logger.debug('kept, too')
    logger.setEnabled(false)
    logger.error('off')
    equal(lines.length, 2, 'lines')
    ok(/^\[Flowscale WARN\] \d{4}-\d\d-\d\dT[\d:.]+Z: kept$/.test(String(lines[0]![0])), 'form')
    ok(!JSON.stringify(lines).includes('abcdefgh12345678'), 'no key')
    equal((lines[0]![1] as { a: number }).a, 1, 'the rest')
    equal(logger.config(), { enabled: false, level: 'debug' }, 'config')
  }),
  one('createLogger', 'fits createClient; so does console', once, async ({ lib, options }) => {
    const lines: string[] = []
    const write = (line: string) => void lines.push(line)
    const sink = { debug: write, info: write, warn: write, error: write }
    const logger = lib.createLogger({ level: 'debug', sink })
    await lib.checkHealth(lib.createClient({ ...options, logger }))
    ok(
      lines.some((line) => line.includes('GET /api/v1/comfy/health 200')),
      lines.join(),
    )
    lib.createClient({ ...options, logger: console })
  }),
  one(
    'withWebhook',
    'names the address in the submission, and in no error',
    once,
    async ({ lib, options }) => {
      const asked: string[] = []
      const fetch = async (url: unknown): Promise<Response> => {
        asked.push(String(url))
        return new Response('{"detail":"no"}', {
          status: 422,
          headers: { 'content-type': 'application/json' },
        })
      }
      const hook = 'https://app.test/hook?token=of-a-hook'
      const client = lib.withWebhook(lib.createClient({ ...options, fetch }), hook)
      const error = await rejection(lib.executeWorkflow(client, 'w', {}))
      equal(
        asked.map((url) => new URL(url).searchParams.get('webhook_url')),
        [hook],
        'the query',
      )
      ok(!`${error.message} ${error.stack}`.includes('of-a-hook'), 'no address')
    },
  ),
  one('verifyWebhook', 'takes what a secret has signed', { ...once, needs: ['crypto'] }, async ({ lib }) => {
    // The example of Standard Webhooks.
    const headers = {
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    }
    const verify = (body: string, toleranceMs?: number) => {
      const parts = { headers, body }
      const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
      const request = new Request('http://127.0.0.1/', { method: 'POST', ...parts })
      return Promise.all([request, parts].map((one) => lib.verifyWebhook(one, secret, { toleranceMs })))
    }
    const body = '{"test": 2432232314}'
    const event = { test: 2432232314 } as never
    equal(await verify(body, Number.POSITIVE_INFINITY), [event, event], 'the event')
    for (const wrong of [verify(body), verify(`${body} `, Number.POSITIVE_INFINITY)])
      ok((await rejection(wrong)) instanceof lib.WebhookError, 'refused')
  }),
]

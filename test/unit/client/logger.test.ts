import { ArgumentError } from '@flowscale/client'
import { createLogger, type LogLevel, type LogSink } from '@flowscale/client/logger'
import { assert, suite, throws } from '#test'
import { assertNoCanary, CANARY } from '../../support/canary.ts'
import { suiteWithClock } from '../../support/suiteWithClock.ts'

const test = suite('createLogger')
const levels: LogLevel[] = ['debug', 'info', 'warn', 'error']

/** A sink that keeps all it is given. */
function keeper(): LogSink & { calls: [LogLevel, ...any[]][] } {
  const calls: [LogLevel, ...any[]][] = []
  const keep =
    (level: LogLevel) =>
    (...args: any[]) => {
      calls.push([level, ...args])
    }
  return { calls, debug: keep('debug'), info: keep('info'), warn: keep('warn'), error: keep('error') }
}

/** What the sink gets for extra arguments. */
function pass(...extra: unknown[]): any[] {
  const sink = keeper()
  createLogger({ sink }).info('x', ...extra)
  return sink.calls[0]!.slice(2)
}

suiteWithClock('createLogger, timed')('the line is one argument: level, time, message', () => {
  const sink = keeper()
  const logger = createLogger({ sink, level: 'debug' })
  for (const level of levels) logger[level]('WebSocket connection established')
  const text = '2025-06-15T15:06:40.000Z: WebSocket connection established'
  const lines = levels.map((level) => [level, `[Flowscale ${level.toUpperCase()}] ${text}`])
  assert.equal(sink.calls, lines)
})

test('levels: lines below are dropped; info by default', () => {
  for (const level of [undefined, ...levels]) {
    const sink = keeper()
    const logger = createLogger({ sink, level })
    for (const word of levels) logger[word]('x')
    assert.equal(
      sink.calls.map(([word]) => word),
      levels.slice(levels.indexOf(level ?? 'info')),
    )
  }
})

test('setLevel, setEnabled and config', () => {
  const sink = keeper()
  const logger = createLogger({ sink })
  assert.equal(logger.config(), { enabled: true, level: 'info' })
  logger.setLevel('error')
  logger.warn('dropped')
  logger.setLevel('debug')
  logger.debug('seen')
  logger.setEnabled(false)
  for (const level of levels) logger[level]('dropped')
  assert.equal(logger.config(), { enabled: false, level: 'debug' })
  logger.setEnabled(true)
  logger.debug('seen')
  assert.is(sink.calls.length, 2)
  Object.assign(logger.config(), { level: 'error', enabled: false })
  assert.equal(logger.config(), { enabled: true, level: 'debug' }, 'what config gives is a copy')
  const { debug, setLevel, config } = logger
  setLevel('warn')
  debug('dropped')
  assert.is(config().level, 'warn', 'methods work alone')
})

test('enabled: false', () => {
  const sink = keeper()
  const logger = createLogger({ sink, enabled: false })
  logger.error('dropped')
  assert.equal(sink.calls, [])
  assert.equal(logger.config(), { enabled: false, level: 'info' })
})

test('an unknown level is an error, and changes nothing', () => {
  const logger = createLogger()
  for (const level of ['', 'INFO', 'trace', 'toString', 0, null, {}]) {
    for (const run of [() => createLogger({ level: level as any }), () => logger.setLevel(level as any)]) {
      throws(run, ArgumentError)
    }
  }
  throws(() => logger.setLevel(undefined as never), ArgumentError)
  assert.is(logger.config().level, 'info')
})

test('console by default; its method is looked up when a line is written', () => {
  const logger = createLogger({ level: 'debug' })
  for (const level of levels) {
    const before = console[level]
    const lines: unknown[][] = []
    console[level] = function (this: unknown, ...args: unknown[]) {
      lines.push([this, ...args])
    }
    try {
      logger[level]('now', { a: 1 })
    } finally {
      console[level] = before
    }
    assert.is(lines.length, 1)
    assert.is(lines[0]![0], console)
    assert.match(lines[0]![1] as string, /: now$/)
    assert.equal(lines[0]![2], { a: 1 })
  }
})

test('what is clean is passed on as it is', () => {
  class Own {
    #hidden = 1
    get value() {
      return this.#hidden
    }
  }
  const circle: any = { name: 'circle', list: [] }
  circle.list.push(circle)
  const shared = { a: 1 }
  const clean = [
    { method: 'GET', path: '/api/v1/comfy/health', status: 200, attempt: 1, durationMs: 3 },
    [1, 'two', null, undefined],
    'text',
    '',
    5,
    10n,
    { big: 10n },
    null,
    undefined,
    true,
    Symbol('s'),
    () => {},
    new Map([[1, 2]]),
    new Date(),
    new Date(Number.NaN),
    new Error('boom'),
    new Own(),
    new Uint8Array(3),
    circle,
    { one: shared, two: shared },
    Object.create(null),
    { allowDangerouslyExposeApiKey: true, apiKey: undefined, apiKeys: 3, authorization: null },
    'FLOWSCALE_API_KEY is missing',
    'to bear a grudge',
  ]
  const passed = pass(...clean)
  assert.is(passed.length, clean.length)
  for (const [index, value] of clean.entries()) assert.ok(Object.is(passed[index], value), `number ${index}`)
})

test('secrets are replaced, in a copy', () => {
  const secret = {
    apiKey: CANARY,
    api_key: CANARY,
    'X-API-KEY': CANARY,
    FLOWSCALE_API_KEY: CANARY,
    apiKeyOfMine: CANARY,
    headers: { Authorization: `Bearer ${CANARY}`, 'Proxy-Authorization': `Basic ${CANARY}` },
    list: [{ apiKey: CANARY }, `Bearer ${CANARY}`, ['authorization', `bearer ${CANARY}`]],
    url: `wss://pod.test/api/v1/ws?api_key=${CANARY}&b=1`,
    text: `X-API-KEY: ${CANARY} sent`,
    allowDangerouslyExposeApiKey: true,
    apiKeyCount: 2,
    kept: 'as "it" \\ is',
    status: 200,
  }
  const before = JSON.stringify(secret)
  const [copy] = pass(secret)
  assertNoCanary(copy)
  assert.is(JSON.stringify(secret), before, 'the original is left alone')
  assert.is(copy.apiKey, '[redacted]')
  assert.is(copy.headers.Authorization, '[redacted]')
  assert.is(copy.url, 'wss://pod.test/api/v1/ws?api_key=[redacted]&b=1')
  assert.is(copy.list[1], 'Bearer [redacted]')
  assert.is(copy.kept, secret.kept)
  assert.is(copy.status, 200)
  assert.is(copy.allowDangerouslyExposeApiKey, true)
  assert.is(copy.apiKeyCount, 2)
})

test('... also beside circles, numbers too big for JSON, and the same object twice', () => {
  const circle: any = {
    apiKey: CANARY,
    big: 10n,
    status: 200,
    again: 200,
    done: true,
    too: true,
    no: null,
    none: null,
  }
  circle.self = circle
  const [copy] = pass(circle)
  assertNoCanary(copy)
  assert.equal(copy, {
    apiKey: '[redacted]',
    big: '…',
    status: 200,
    again: 200,
    done: true,
    too: true,
    no: null,
    none: null,
    self: '…',
  })
})

test('... in the message, and whatever stands around them', () => {
  for (const text of [
    `GET https://pod.test/?api_key=${CANARY} failed`,
    `apiKey=${CANARY} next`,
    `X-API-KEY: ${CANARY}`,
    `authorization: Bearer ${CANARY}`,
    `Authorization: Basic ${CANARY} next`,
    `{"apiKey":"${CANARY}"}`,
    `Bearer ${CANARY}`,
    `two: api_key=${CANARY}&api_key=${CANARY}`,
  ]) {
    const sink = keeper()
    createLogger({ sink }).info(text, text, [text], { text })
    assertNoCanary(sink.calls, text)
    assert.match(sink.calls[0]![1], /\[redacted\]/)
  }
})

test('odd messages and values do no harm', () => {
  const sink = keeper()
  const logger = createLogger({ sink })
  const trap = {
    get value() {
      throw new Error('trap')
    },
  }
  const json = {
    toJSON() {
      throw new Error('trap')
    },
  }
  logger.info(undefined, trap, json)
  for (const message of [null, 5, Symbol('s'), {}, new Error('boom')]) logger.info(message)
  assert.is(sink.calls.length, 6)
  assert.is(sink.calls[0]![2], trap)
  assert.is(sink.calls[0]![3], json)
  assert.match(sink.calls[3]![1], /: Symbol\(s\)$/)
  assert.match(sink.calls[5]![1], /: Error: boom$/)
})

test('fits as a sink of another', () => {
  const sink = keeper()
  createLogger({ sink: createLogger({ sink, level: 'warn' }) }).warn(`api_key=${CANARY}`, { a: 1 })
  const [[level, line, extra]] = sink.calls as [[string, string, unknown]]
  assert.is(level, 'warn')
  assert.match(line, /^\[Flowscale WARN\] \S+: \[Flowscale WARN\] \S+: api_key=\[redacted\]$/)
  assert.equal(extra, { a: 1 })
})

test('secrets in what JSON shows nothing of: errors, Headers, Maps', () => {
  const cause = new Error(`X-API-KEY: ${CANARY}`)
  const error = Object.assign(new TypeError('no answer', { cause }), { status: 0 })
  const headers = new Headers({ 'x-api-key': CANARY, accept: '*/*' })
  const [shown, ...rest] = pass(error, { headers }, new Map([['apiKey', CANARY]]), [cause])
  for (const value of [shown, ...rest]) assertNoCanary(value, 'a logged value')
  assert.equal([shown.error, shown.status], ['TypeError: no answer', 0])
  assert.match(shown.cause.stack, /X-API-KEY: \[redacted\]/)
  assert.equal(rest[0], { headers: { 'x-api-key': '[redacted]', accept: '*/*' } })
  assert.equal(rest[1], { apiKey: '[redacted]' })
  const clean = [new Error('no answer'), new Headers(), new Map([['a', 1]]), new Set([1])]
  assert.equal(
    pass(...clean).map((value, index) => value === clean[index]),
    [true, true, true, true],
  )
})

import { getEventListeners } from 'node:events'
import { inspect } from 'node:util'
import {
  ArgumentError,
  checkHealth,
  downloadOutput,
  executeWorkflow,
  FlowScaleError,
  getOutput,
  HttpError,
  NetworkError,
  TimeoutError,
} from '@flowscale/client'
import type { Clock } from '@sinonjs/fake-timers'
import { assert, rejects } from '#test'
import { assertNoCanary, CANARY } from '../../../support/canary.ts'
import { clientWith } from '../../../support/clientWith.ts'
import { type Answer, fakeFetch, hang, json, ok, recorder } from '../../../support/fakes.ts'
import { type Operation, operations } from '../../../support/operations.ts'
import { pluck } from '../../../support/pluck.ts'
import { suiteWithClock } from '../../../support/suiteWithClock.ts'

const test = suiteWithClock('request')
let clock: Clock
test.before.each((context) => {
  clock = context.clock
  Math.random = () => 0.5
})

/** Lets the clock run until `promise` settles. */
async function settle<T>(promise: Promise<T>): Promise<T> {
  let settled = false
  const done = promise.finally(() => {
    settled = true
  })
  done.catch(() => {})
  for (let turn = 0; turn < 3000 && !settled; turn++) await clock.nextAsync()
  return done
}

const all: Record<string, Operation> = {
  ...operations,
  downloadOutput: (client, options) => downloadOutput(client, 'http://files.test/f', options),
}
const { executeWorkflow: execute, getRun } = operations
const forms = Object.entries(all).filter(([name]) => name !== 'downloadOutput')

const refused = () => Object.assign(new TypeError('fetch failed'), { cause: { code: 'ECONNREFUSED' } })
const status = (code: number, headers: Record<string, string> = {}) =>
  json({ status: 'error', errors: 'no' }, { status: code, headers })

/** Whether a call is sent again after an answer; `what` is its status, or what else happened. */
function isSentAgain(name: string, run: Operation, what: string, answer: Answer, again: boolean): void {
  test(`${name}: ${what} is ${again ? 'tried again' : 'final'}`, async () => {
    const fetch = fakeFetch(answer)
    const client = clientWith(fetch, { timeoutMs: 10 })
    await settle(rejects(run(client), FlowScaleError, { status: Number(what) || 0 }))
    assert.is(fetch.calls.length, again ? 4 : 1)
  })
}
for (const [name, run, repeated] of [
  ['getRun', getRun, [408, 429, 500, 502, 503, 504]],
  ['executeWorkflow', execute, [429]],
] as [string, Operation, number[]][]) {
  for (const code of [400, 401, 403, 404, 408, 409, 413, 422, 429, 500, 501, 502, 503, 504, 505])
    isSentAgain(name, run, `${code}`, status(code), repeated.includes(code))
  isSentAgain(name, run, 'no answer', refused(), run === getRun)
  isSentAgain(name, run, 'a time-out', hang, run === getRun)
}
for (const [name, run] of Object.entries(all)) {
  if (run === getRun || run === execute) continue
  // Of these, only `getOutput` has a status of its own.
  isSentAgain(name, run, '408', status(408), name !== 'getOutput')
  isSentAgain(name, run, '503', status(503), true)
}

for (const [name, run] of Object.entries(all)) {
  test(`${name}: an unreadable 200 is final`, async () => {
    const fetch = fakeFetch(() => new Response('<html>hello'))
    if (name !== 'downloadOutput') await settle(rejects(run(clientWith(fetch)), Error))
    else await run(clientWith(fetch))
    assert.is(fetch.calls.length, 1)
  })
  test(`${name}: an already aborted signal sends nothing`, async () => {
    const reason = { why: 'enough' }
    const called: string[] = []
    const deaf = async () => {
      called.push('fetch')
      return ok({})
    }
    const headers = () => {
      called.push('headers')
      return {}
    }
    const signal = AbortSignal.abort(reason)
    assert.is(await run(clientWith(deaf, { headers }), { signal }).catch((error) => error), reason)
    await clock.tickAsync(10)
    assert.equal(called, [])
  })
  test(`${name}: wrong options are errors that name them, and send nothing`, async () => {
    const fetch = fakeFetch(ok({}))
    const wrong = [
      { signal: {} },
      { timeoutMs: 0 },
      { maxRetries: -1 },
      { headers: 5 },
      { retries: 1 },
      null,
      'x',
    ]
    for (const options of wrong) await rejects(run(clientWith(fetch), options as never), ArgumentError)
    assert.is(fetch.calls.length, 0)
  })
}

test('recovers: the answer of the attempt that worked', async () => {
  const fetch = fakeFetch(refused(), status(503), hang, ok([{ container: 'c', status: 'idle' }]))
  const { data } = await settle(checkHealth(clientWith(fetch, { timeoutMs: 10 })))
  assert.is(data[0]?.container, 'c')
  assert.is(fetch.calls.length, 4)
})

test('maxRetries: 0 switches retries off, in the client and per call', async () => {
  for (const [own, perCall, calls] of [
    [0, undefined, 1],
    [3, 0, 1],
    [0, 2, 3],
    [1, undefined, 2],
  ] as const) {
    const fetch = fakeFetch(status(503))
    await settle(rejects(checkHealth(clientWith(fetch, { maxRetries: own }), { maxRetries: perCall }), Error))
    assert.is(fetch.calls.length, calls)
  }
  const fetch = fakeFetch(status(429))
  await settle(rejects(execute(clientWith(fetch), { maxRetries: 0 }), Error))
  assert.is(fetch.calls.length, 1)
})

/** The pauses before each further attempt. */
async function pauses(
  answer: Answer,
  options: { maxRetries?: number; retryDelayMs?: number },
  chance: number,
) {
  Math.random = () => chance
  const times: number[] = []
  const fetch = fakeFetch((url, init) => {
    times.push(Date.now())
    return typeof answer === 'function' ? answer(url, init) : (answer as Response).clone()
  })
  await settle(rejects(checkHealth(clientWith(fetch, options)), Error))
  return times.slice(1).map((time, index) => time - times[index]!)
}

test('the pauses grow exponentially from retryDelayMs, with full jitter', async () => {
  assert.equal(
    await pauses(status(503), {}, 0.999999999),
    [1000, 2000, 4000].map((ms) => ms - 1),
  )
  assert.equal(await pauses(status(503), {}, 0.5), [500, 1000, 2000])
  assert.equal(await pauses(status(503), {}, 0), [0, 0, 0])
  assert.equal(await pauses(status(503), { retryDelayMs: 8 }, 0.5), [4, 8, 16])
})

test('a pause has an upper bound', async () => {
  const ten = await pauses(status(503), { maxRetries: 10 }, 0.5)
  assert.equal(ten.slice(4), [8000, 15_000, 15_000, 15_000, 15_000, 15_000])
  assert.equal(await pauses(status(503), { retryDelayMs: Number.POSITIVE_INFINITY }, 0.5), [15e3, 15e3, 15e3])
  // 2 ** 1099 is no number any more.
  assert.is((await pauses(status(503), { maxRetries: 1100 }, 0.5)).at(-1), 15_000)
})

for (const code of [408, 425, 429, 500, 502, 503, 504]) {
  test(`Retry-After of a ${code} is waited out, in seconds and as a date`, async () => {
    const headers = { 'retry-after': '7' }
    assert.equal(await pauses(status(code, headers), { maxRetries: 1 }, 0), [7000])
    assert.equal(await pauses(status(code, headers), { maxRetries: 2 }, 0.5), [7500, 8000])
    clock.setSystemTime(1_750_000_000_000)
    const later = () => status(code, { 'retry-after': new Date(Date.now() + 9000).toUTCString() })
    assert.equal(await pauses(later, { maxRetries: 1 }, 0), [9000])
  })
}

test('Retry-After: up to 30 s is waited out, longer ends the call at once', async () => {
  assert.equal(await pauses(status(429, { 'retry-after': '30' }), { maxRetries: 1 }, 0), [30_000])
  clock.setSystemTime(1_750_000_000_000)
  for (const [header, ms] of [
    ['31', 31_000],
    ['3600', 3_600_000],
    [new Date(1_750_000_000_000 + 60_000).toUTCString(), 60_000],
  ] as const) {
    for (const run of [checkHealth, execute]) {
      const fetch = fakeFetch(status(429, { 'retry-after': header }))
      await rejects(run(clientWith(fetch)), HttpError, { retryAfterMs: ms })
      assert.is(fetch.calls.length, 1)
    }
  }
})

test('Retry-After: garbage and the past are no answer', async () => {
  for (const header of ['soon', '', '-5', 'NaN', 'Thu, 01 Jan 1970 00:00:00 GMT', '1, 2', '{}']) {
    assert.equal(await pauses(status(503, { 'retry-after': header }), { maxRetries: 1 }, 0.5), [500], header)
    await rejects(checkHealth(clientWith(fakeFetch(status(404, { 'retry-after': header })))), Error, {
      retryAfterMs: undefined,
    })
  }
})

/** A body that begins and then stalls. */
const stalled = (onCancel?: () => void) =>
  new Response(
    new ReadableStream({
      start: (controller) => controller.enqueue(new TextEncoder().encode('{"status":')),
      cancel: onCancel,
    } as UnderlyingDefaultSource<Uint8Array>),
  )

const deaf = () => new Promise<Response>(() => {})
for (const [where, answer, runs] of [
  ['in the headers', hang, all],
  ['in the body', () => stalled(), Object.fromEntries(forms)],
  ['in a fetch that ignores its signal', deaf, all],
] as [string, Answer, typeof all][]) {
  test(`an attempt ends at timeoutMs: ${where}`, async () => {
    for (const run of Object.values(runs)) {
      const start = Date.now()
      const client = clientWith(fakeFetch(answer), { timeoutMs: 70, maxRetries: 0 })
      await settle(rejects(run(client), TimeoutError, { timeoutMs: 70 }))
      assert.is(Date.now() - start, 70)
    }
  })
}

test('an attempt ends at timeoutMs: in headers() that never come; what comes too late sends nothing', async () => {
  let give!: (headers: Record<string, string>) => void
  let sent = 0
  const fetch = async () => {
    sent++
    return ok([])
  }
  const headers = () =>
    new Promise<Record<string, string>>((resolve) => {
      give = resolve
    })
  await settle(
    rejects(checkHealth(clientWith(fetch, { headers, timeoutMs: 90, maxRetries: 0 })), TimeoutError),
  )
  give({ 'x-a': 'b' })
  await clock.tickAsync(1000)
  assert.is(sent, 0)
})

test('headers() that fail after the time is over are no unhandled rejection', async () => {
  let fail!: (error: Error) => void
  const headers = () =>
    new Promise<never>((_, reject) => {
      fail = reject
    })
  await settle(
    rejects(checkHealth(clientWith(fakeFetch(ok([])), { headers, timeoutMs: 9, maxRetries: 0 })), Error),
  )
  fail(new Error('too late'))
  await clock.tickAsync(10)
})

for (const timeoutMs of [2 ** 31, 2 ** 40, Number.MAX_VALUE, Number.POSITIVE_INFINITY]) {
  test(`timeoutMs ${timeoutMs} does not fire at once`, async () => {
    const slow = () => new Promise<Response>((resolve) => setTimeout(resolve, 3_600_000, ok([])))
    const pending = checkHealth(clientWith(slow, { timeoutMs }))
    await clock.tickAsync(3_600_000)
    assert.equal((await pending).data, [])
    const perCall = checkHealth(clientWith(slow), { timeoutMs })
    await clock.tickAsync(3_600_000)
    assert.equal((await perCall).data, [])
  })
}

const reasons = [
  new Error('mine'),
  'a string',
  null,
  0,
  { code: 'ERR_FLOWSCALE_HTTP' },
  new HttpError('mine'),
]
for (const reason of reasons) {
  test(`the reason of an abort comes back as it is: ${inspect(reason, { depth: 0 }).split('\n')[0]}`, async () => {
    for (const run of Object.values(all)) {
      const during = new AbortController()
      const first = run(clientWith(fakeFetch(hang)), { signal: during.signal }).catch((error) => error)
      await clock.tickAsync(1)
      during.abort(reason)
      assert.is(await first, reason)
      // Between two attempts; 429 is what even executeWorkflow tries again.
      const between = new AbortController()
      const fetch = fakeFetch(status(429))
      const second = run(clientWith(fetch), { signal: between.signal }).catch((error) => error)
      await clock.tickAsync(100)
      assert.is(fetch.calls.length, 1)
      between.abort(reason)
      assert.is(await second, reason)
      await clock.tickAsync(10_000)
      assert.is(fetch.calls.length, 1)
    }
    for (const [, run] of forms) {
      const body = new AbortController()
      const third = run(clientWith(fakeFetch(() => stalled())), { signal: body.signal }).catch(
        (error) => error,
      )
      await clock.tickAsync(1)
      body.abort(reason)
      assert.is(await third, reason)
    }
  })
}

test('an abort without a reason gives an AbortError', async () => {
  const controller = new AbortController()
  const pending = checkHealth(clientWith(fakeFetch(hang)), { signal: controller.signal }).catch(
    (error) => error,
  )
  controller.abort()
  const error = await pending
  assert.is(error.name, 'AbortError')
  assert.is(error, controller.signal.reason)
})

test('an abort reaches a fetch that obeys its signal, and ends a wait for one that does not', async () => {
  const controller = new AbortController()
  let signal: AbortSignal | null | undefined
  const deaf = (_url: string, init: RequestInit) => {
    signal = init.signal
    return new Promise<Response>(() => {})
  }
  const pending = checkHealth(clientWith(deaf), { signal: controller.signal }).catch((error) => error)
  await clock.tickAsync(1)
  assert.is(signal?.aborted, false)
  controller.abort('now')
  assert.is(await pending, 'now')
  assert.is(signal?.aborted, true)
})

test('an abort in headers() that never come', async () => {
  const controller = new AbortController()
  const fetch = fakeFetch(ok([]))
  const headers = () => new Promise<never>(() => {})
  const pending = checkHealth(clientWith(fetch, { headers }), { signal: controller.signal }).catch(
    (error) => error,
  )
  await clock.tickAsync(1)
  controller.abort('now')
  assert.is(await pending, 'now')
  assert.is(fetch.calls.length, 0)
})

test('the body of an answer to executeWorkflow is cancelled by an abort', async () => {
  const controller = new AbortController()
  let cancelled = false
  const fetch = fakeFetch(() =>
    stalled(() => {
      cancelled = true
    }),
  )
  const pending = execute(clientWith(fetch), { signal: controller.signal }).catch((error) => error)
  await clock.tickAsync(1)
  controller.abort('now')
  assert.is(await pending, 'now')
  await clock.tickAsync(1)
  assert.ok(cancelled)
})

test('a body that a deaf fetch gives after the time is over is cancelled', async () => {
  let cancelled = false
  const late = () =>
    new Promise<Response>((resolve) => {
      setTimeout(
        resolve,
        500,
        stalled(() => {
          cancelled = true
        }),
      )
    })
  await rejects(
    Promise.race([
      execute(clientWith(late), { timeoutMs: 50 }),
      clock.tickAsync(50).then(() => new Promise(() => {})),
    ]),
    TimeoutError,
  )
  await clock.tickAsync(1000)
  assert.ok(cancelled)
})

test('a thousand calls on one signal: no warning, no listener, none of them the caller’s signal itself', async () => {
  const warnings: Error[] = []
  const warn = (warning: Error) => warnings.push(warning)
  process.on('warning', warn)
  const { signal } = new AbortController()
  const fetch = fakeFetch((_url, init) => {
    assert.is.not(init.signal, signal)
    init.signal!.addEventListener('abort', () => {})
    return fetch.calls.length % 4 || fetch.calls.length > 1000 ? ok([]) : status(503)
  })
  const client = clientWith(fetch)
  const calls = Array.from({ length: 1000 }, () => checkHealth(client, { signal }))
  await settle(Promise.all(calls))
  assert.is(getEventListeners(signal, 'abort').length, 0)
  await new Promise((resolve) => setImmediate(resolve))
  process.off('warning', warn)
  assert.equal(warnings, [])
})

test('no listener stays after a failure, a time-out or an abort', async () => {
  const controller = new AbortController()
  const { signal } = controller
  await rejects(checkHealth(clientWith(fakeFetch(status(404))), { signal }), Error)
  await settle(rejects(checkHealth(clientWith(fakeFetch(hang), { timeoutMs: 5 }), { signal }), Error))
  assert.is(getEventListeners(signal, 'abort').length, 0)
  const pending = checkHealth(clientWith(fakeFetch(hang)), { signal }).catch((error) => error)
  controller.abort('now')
  await pending
  assert.is(getEventListeners(signal, 'abort').length, 0)
})

test('logger: a request at debug, a retry at warn, the last failure at error', async () => {
  const logger = recorder()
  const fetch = fakeFetch(status(503), refused(), ok([]), status(404))
  const client = clientWith(fetch, { logger, headers: { 'x-secret': 'abcdefghij' } })
  await settle(checkHealth(client))
  await rejects(getOutput(client, 'secret-name.png'), Error)
  const path = '/api/v1/comfy/health'
  const [method, durationMs] = ['GET', 0]
  assert.equal(pluck(logger.lines, 'level'), ['warn', 'warn', 'debug', 'error'])
  assert.equal(pluck(logger.lines, 'message'), [
    `GET ${path} ERR_FLOWSCALE_HTTP, again after 500ms`,
    `GET ${path} ERR_FLOWSCALE_NETWORK, again after 1000ms`,
    `GET ${path} 200`,
    'GET /api/v1/runs/output ERR_FLOWSCALE_HTTP',
  ])
  assert.equal(pluck(logger.lines, 'fields'), [
    { method, path, status: 503, attempt: 1, durationMs },
    { method, path, status: undefined, attempt: 2, durationMs },
    { method, path, status: 200, attempt: 3, durationMs },
    { method, path: '/api/v1/runs/output', status: 404, attempt: 1, durationMs },
  ])
  assert.not.match(JSON.stringify(logger.lines), /abcdefghij|x-secret|secret-name/)
})

test('logger: durations, and no input values', async () => {
  const logger = recorder()
  const slow = () => new Promise<Response>((resolve) => setTimeout(resolve, 25, ok({ run_id: 'r' })))
  await settle(executeWorkflow(clientWith(slow, { logger }), 'wf', { prompt: 'a private thought' }))
  assert.is(logger.lines.length, 1)
  assert.is(logger.lines[0]?.fields?.durationMs, 25)
  assert.is(logger.lines[0]?.fields?.method, 'POST')
  assert.not.match(JSON.stringify(logger.lines), /private|prompt/)
})

for (const how of ['throw', 'reject']) {
  test(`a logger whose methods ${how} loses nothing, and they have their this`, async () => {
    const fail = function (this: { lines: number }) {
      this.lines++
      const error = new Error('the disk is full')
      if (how === 'reject') return Promise.reject(error)
      throw error
    }
    const logger = { lines: 0, debug: fail, info: fail, warn: fail, error: fail }
    const fetch = fakeFetch(status(429), ok({ run_id: 'r' }), status(404))
    const client = clientWith(fetch, { logger })
    assert.is((await settle(execute(client))).data.run_id, 'r')
    await rejects(getRun(client), HttpError, { status: 404 })
    assert.is(logger.lines, 3)
    await new Promise((resolve) => setImmediate(resolve))
  })
}

test('NetworkError: the cause is the runtime’s own error, its code is in the message', async () => {
  const own = refused()
  const error = await rejects(checkHealth(clientWith(fakeFetch(own)), { maxRetries: 0 }), NetworkError)
  assert.is(error.cause, own)
  assert.is(error.message, 'GET http://pod.test/api/v1/comfy/health got no answer: ECONNREFUSED')
  await rejects(checkHealth(clientWith(fakeFetch(new Error('no route'))), { maxRetries: 0 }), Error)
  // As Node tells of a port that fetch refuses.
  const badPort = new TypeError('fetch failed', { cause: new Error('bad port') })
  await rejects(checkHealth(clientWith(fakeFetch(badPort)), { maxRetries: 0 }), Error)
  for (const thing of ['text', undefined, null, 5]) {
    const odd = await rejects(
      checkHealth(
        clientWith(() => Promise.reject(thing)),
        { maxRetries: 0 },
      ),
      NetworkError,
    )
    assert.is(odd.cause, thing)
    assert.match(odd.message, new RegExp(`got no answer: ${thing}$`))
  }
})

test('NetworkError: neither the key nor the signature of a link is in the message', async () => {
  const fetch = (url: string, init: RequestInit): Promise<Response> =>
    Promise.reject(`can’t send ${JSON.stringify(init.headers)} to ${url}`)
  const client = clientWith(fetch, { headers: { authorization: 'Bearer abcdefghij' } })
  const { message, url } = await checkHealth(client, { maxRetries: 0 }).catch((error) => error)
  assert.match(message, /"x-api-key":"\[redacted\]"/)
  assert.not.match(message, /abcdefghij/)
  assert.is(url, 'http://pod.test/api/v1/comfy/health')
  const link = 'http://files.test/f.png?X-Signature=abc'
  const error: any = await downloadOutput(client, link, { maxRetries: 0 }).catch((error) => error)
  assert.not.match(error.url + error.message, /Signature/)
  assert.match(error.message, /to http:\/\/files\.test\/f\.png$/)
})

test('a body that breaks off is a NetworkError, tried again', async () => {
  const broken = () =>
    new Response(
      new ReadableStream({
        pull: (controller) => controller.error(new TypeError('terminated')),
      }),
    )
  const fetch = fakeFetch(broken, ok([]))
  await settle(checkHealth(clientWith(fetch)))
  assert.is(fetch.calls.length, 2)
})

test('of a page that a gateway sends, the message has the title', async () => {
  const page =
    '<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<hr>nginx\r\n</body></html>'
  const client = clientWith(fakeFetch(new Response(page, { status: 502 })), { maxRetries: 0 })
  await rejects(checkHealth(client), Error, { body: page })
})

test('an answer that is no HTTP, but an echo of the request, does not show the key', async () => {
  const cause = Object.assign(new Error('bad'), {
    code: 'HPE_INVALID_CONSTANT',
    data: `x-api-key: ${CANARY}`,
  })
  const error = await rejects(
    checkHealth(clientWith(fakeFetch(new TypeError('fetch failed', { cause })), { maxRetries: 0 })),
    Error,
  )
  assertNoCanary(error)
  assert.match(inspect(error), /\[redacted\]/)
})

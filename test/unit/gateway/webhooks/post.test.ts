import type { ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { assert, throws } from '#test'
import { EngineError } from '../../../../packages/gateway/src/engine.ts'
import {
  checkAddress,
  lookupPublic,
  resolveName,
} from '../../../../packages/gateway/src/webhooks/addresses.ts'
import { postWebhook } from '../../../../packages/gateway/src/webhooks/post.ts'
import { rejection } from '../../../support/fakes.ts'
import { listen } from '../../../support/listen.ts'
import { suiteWithClock } from '../../../support/suiteWithClock.ts'
import { until } from '../../../support/until.ts'
import { playRefusals, right } from './refusals.ts'

const test = suiteWithClock('postWebhook')

/** Posts to a server that answers like this; no text of it may show the address. */
async function outcomeOf(
  answer: (response: ServerResponse) => unknown,
  meanwhile: () => unknown = () => {},
  headers: Record<string, string> = {},
) {
  const { url, close } = await listen((_, response) => void answer(response))
  const address = `${url}/hook?token=secret`
  try {
    const outcome = postWebhook({ address, headers, body: '{}', hosts: [new URL(url).host] })
    await meanwhile()
    const given = await outcome
    assert.not.match(JSON.stringify(given), /secret|127\.0/)
    return given
  } finally {
    await close()
  }
}

test('addresses of this network are not reached, but those of named hosts', async () => {
  const { tried, ...played } = await playRefusals()
  assert.equal(played, right)
  assert.ok(tried >= 60)
})

test('a runtime that asks for one address gets one that is not refused', async () => {
  const given = await new Promise((resolve) =>
    lookupPublic(async () => ['10.0.0.1', '2606:4700::1'])('a.test', {}, (...all) => resolve(all)),
  )
  assert.equal(given, [null, '2606:4700::1', 6])
})

test('a name has the addresses of both kinds, or of one', async () => {
  const none = Object.assign(new Error('none'), { code: 'ENODATA' })
  const ask = (four: string[] | Error, six: string[] | Error) => {
    const [resolve4, resolve6] = [four, six].map((answer) => async () => {
      if (answer instanceof Error) throw answer
      return answer
    })
    return resolveName('a.test', { resolve4, resolve6 } as never)
  }
  assert.equal(await ask(['1.2.3.4'], ['::1']), ['1.2.3.4', '::1'])
  assert.equal(await ask(none, ['::1']), ['::1'])
  assert.is(await rejection(ask(none, new Error('other'))), none)
})

test('15 s for all: for the head, and for the rest of an answer', async ({ clock }) => {
  let isThere = 0
  const hang = (answer: (response: ServerResponse) => unknown) =>
    outcomeOf(answer, async () => {
      await until(() => isThere)
      clock.tick(15_000)
    })
  const late = await hang(() => isThere++)
  assert.equal(late, { error: 'No answer came within 15 s' })
  isThere = 0
  // The head has come when its date is compared with the clock.
  const { now } = Date
  Date.now = () => {
    isThere++
    return now()
  }
  const headers = { 'retry-after': new Date(clock.now + 60_000).toUTCString() }
  const given = await hang((response) => response.writeHead(503, headers).write('a'))
  assert.equal(given, { status: 503, retryAfterMs: 60_000 })
})

test('64 KiB of an answer are read, and no more', async () => {
  async function* endless() {
    for (;;) yield Buffer.alloc(16 * 1024)
  }
  const given = await outcomeOf((response) => pipeline(endless, response).catch(() => {}))
  assert.equal(given, { status: 200, retryAfterMs: undefined })
})

test('each failure is an outcome', async () => {
  const raw = (text: string) => (response: ServerResponse) => response.socket!.end(text)
  for (const [answer, error, headers] of [
    [(response) => response.destroy(), 'The request failed (ECONNRESET)', {}],
    [raw('hello\r\n\r\n'), 'The request failed (HPE_INVALID_CONSTANT)', {}],
    [
      raw('HTTP/1.1 101 A\r\nupgrade: a\r\nconnection: upgrade\r\n\r\n'),
      'The connection ended without an answer',
      {},
    ],
    [() => assert.unreachable(), 'The request failed (ERR_INVALID_CHAR)', { bad: 'a\nb' }],
  ] as [(response: ServerResponse) => unknown, string, Record<string, string>][])
    assert.equal(await outcomeOf(answer, undefined, headers), { error })
  // Its head came.
  const broken = await outcomeOf(raw('HTTP/1.1 410 Gone\r\ncontent-length: 5\r\nretry-after: soon\r\n\r\nab'))
  assert.equal(broken, { status: 410, retryAfterMs: undefined })
})

test('an address that is refused is an error of the submission', () => {
  const wrong =
    ' /hook ftp://hook.test https://a:b@hook.test http://open.test https://[::1]/ https://localhost/'
  for (const address of wrong.split(' '))
    throws(() => checkAddress(address, ['hook.test']), EngineError, { status: 422 })
  const right = 'http://hook.test/a?b https://open.test:8443/ https://8.8.8.8/ https://[2606:4700::1]/'
  for (const address of right.split(' ')) assert.is(checkAddress(address, ['hook.test']).href, address)
})

test('a named host has any port, and a host with a port has this one', () => {
  const ask = (address: string, host: string) => checkAddress(address, [host]).href
  for (const [address, host] of [
    ['http://127.0.0.1:3000/hook', '127.0.0.1'],
    ['http://127.0.0.1/hook', '127.0.0.1'],
    ['https://Hooks.internal:8443/', 'hooks.INTERNAL'],
    ['http://[::1]:3000/', '[::1]'],
    ['http://127.0.0.1:3000/hook', '127.0.0.1:3000'],
    ['http://127.0.0.1/hook', '127.0.0.1:80'],
  ] as const)
    assert.is(ask(address, host), new URL(address).href)
  for (const [address, host] of [
    ['http://127.0.0.1:3001/hook', '127.0.0.1:3000'],
    ['http://127.0.0.2:3000/hook', '127.0.0.1'],
    ['http://a.hooks.internal/', 'hooks.internal'],
  ] as const)
    throws(() => ask(address, host), EngineError, { status: 422 })
})

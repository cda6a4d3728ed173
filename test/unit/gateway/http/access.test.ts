// Keys with names, and what happens to callers when the keys change.
import { createHash } from 'node:crypto'
import { createGateway, type Key, type WatchedKeys } from '@flowscale/gateway'
import type { Draft } from '@flowscale/gateway/http'
import { assert, suite } from '#test'
import { createKeys } from '../../../../packages/gateway/src/http/access.ts'
import { CANARY } from '../../../support/canary.ts'
import { draft, fakeEngine, run } from '../fakeEngine.ts'

const test = suite('keys')
const keyOf = (name: string): string => `${CANARY}-${name}`
const entry = (name: string, more: Partial<Key> = {}): Key => ({
  name,
  sha256: createHash('sha256').update(keyOf(name)).digest('hex'),
  ...more,
})

function watched(...keys: Key[]): WatchedKeys & { set(...next: unknown[]): void } {
  const listeners = new Set<() => void>()
  return {
    current: () => keys,
    watch(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    set(...next) {
      keys = next as Key[]
      for (const listener of listeners) listener()
    },
  }
}

test('each key has its caller, and the key without a name costs no turn', async () => {
  const rights = { workflows: ['w'], maxUnfinished: 2, priority: 1 }
  const { callerOf } = createKeys(CANARY, watched(entry('shop', rights), entry('boss', { admin: true })))
  assert.equal(callerOf(CANARY), { isAdmin: true })
  assert.equal(await callerOf(keyOf('shop')), { owner: 'shop', isAdmin: undefined, ...rights })
  assert.equal(await callerOf(keyOf('boss')), { owner: 'boss', isAdmin: true })
  for (const sent of [null, '', keyOf('none'), keyOf('shop').slice(1), entry('shop').sha256])
    assert.is(await callerOf(sent), undefined)
  const named = createKeys(undefined, watched(entry('shop')))
  for (const sent of [null, '', 'undefined', CANARY]) assert.is(await named.callerOf(sent), undefined)
})

test('a key that is removed or has other rights ends what its callers have open, and no other key does', async () => {
  const keys = watched(entry('shop', { admin: true }), entry('next'))
  const { callerOf, isValid, whileValid, close } = createKeys(undefined, keys)
  const ended: string[] = []
  const shop = (await callerOf(keyOf('shop')))!
  const next = (await callerOf(keyOf('next')))!
  whileValid(shop, () => ended.push('shop'))
  whileValid(shop, () => ended.push('left'))()
  whileValid(next, () => ended.push('next'))
  keys.set(entry('next'), entry('shop', { admin: true }))
  assert.equal(ended, [])
  keys.set(entry('shop'), entry('next'))
  assert.equal([ended, isValid(shop), isValid(next)], [['shop'], false, true])
  assert.is((await callerOf(keyOf('shop')))!.isAdmin, undefined)
  // It was checked before the change, and opens something after it.
  whileValid(shop, () => ended.push('late'))
  await null
  assert.equal(ended, ['shop', 'late'])
  close()
  keys.set()
  assert.equal(ended, ['shop', 'late'])
})

const options = { engine: () => fakeEngine(), workflows: [], secret: 's' }

test('wrong keys are a TypeError that names the place, and shows no hash', () => {
  const good = entry('shop')
  const cases: [keys: unknown, names: string, apiKey?: unknown][] = [
    ['file.json', '"keys"'],
    [{ current: () => [] }, '"keys"'],
    [[null], 'entry 1 must'],
    [[good, { ...good, sha256: 'a' }], 'entry 2 (shop): "sha256"'],
    [[{ ...good, sha256: good.sha256.toUpperCase() }], 'entry 1 (shop): "sha256"'],
    [[good, { ...good, name: 'other' }], 'entry 2 (other): "sha256"'],
    ...['', 'a b', 'a/b', 'a'.repeat(65), 5].map((name): [unknown, string] => [
      [{ ...good, name }],
      'entry 1: "name"',
    ]),
    [[{ ...good, workflows: 'w' }], 'entry 1 (shop): "workflows"'],
    [[{ ...good, admin: 'yes' }], 'entry 1 (shop): "admin"'],
    [[{ ...good, maxUnfinished: -1 }], 'entry 1 (shop): "maxUnfinished"'],
    [[{ ...good, priority: 10 }], 'entry 1 (shop): "priority"'],
    [[{ ...good, isAdmin: true }], 'entry 1 (shop) has the unknown field "isAdmin"'],
    // They need a queue.
    [[{ ...good, maxUnfinished: 1 }], 'entry 1 (shop): "maxUnfinished"'],
    [[{ ...good, priority: 1 }], 'entry 1 (shop): "priority"'],
    [[good], '"apiKey"', null],
    [undefined, '"apiKey"'],
  ]
  for (const [keys, name, apiKey] of cases)
    assert.throws(
      () => createGateway({ ...options, keys, apiKey } as never),
      (error: Error) =>
        error instanceof TypeError && error.message.includes(name) && !error.message.includes(good.sha256),
      name,
    )
})

test('with keys that are wrong after a change, those before it stay, and the log says so', async () => {
  const keys = watched(entry('shop'))
  const lines: string[] = []
  const gateway = createGateway({ ...options, keys, logger: { error: (line) => lines.push(line) } })
  const status = async (name: string): Promise<number> =>
    (await gateway.fetch(`${gateway.url}/api/v1/runs`, { headers: { 'x-api-key': keyOf(name) } })).status
  keys.set(entry('next'), { ...entry('shop'), maxUnfinished: 1 })
  assert.equal([await status('shop'), await status('next'), lines.length], [200, 403, 1])
  assert.match(lines[0]!, 'entry 2 (shop): "maxUnfinished"')
  keys.set(entry('next'))
  assert.equal([await status('shop'), await status('next'), lines.length], [403, 200, 1])
  await gateway.close()
})

test('a key that changes while its body comes starts only what it may', async () => {
  const rows: [then: Partial<Key> | undefined, status: number][] = [
    [undefined, 403],
    [{ workflows: ['other'] }, 403],
    [{ workflows: ['w'] }, 200],
  ]
  for (const [then, wanted] of rows) {
    const keys = watched(entry('shop'))
    let submitted = 0
    const submit: Draft['submit'] = async () => {
      submitted++
      return { run, number: 1 }
    }
    // It comes before the body is read.
    const begin = async () => {
      keys.set(...(then ? [entry('shop', then)] : []))
      return { ...draft, submit }
    }
    const gateway = createGateway({ ...options, engine: () => fakeEngine({ draft: begin }), keys })
    const headers = { 'x-api-key': keyOf('shop'), 'content-type': 'application/json' }
    const init = { method: 'POST', headers, body: '{"text":"a"}' }
    const { status } = await gateway.fetch(`${gateway.url}/api/v1/workflows/w/runs`, init)
    assert.equal([status, submitted], [wanted, wanted === 200 ? 1 : 0], JSON.stringify(then))
    await gateway.close()
  }
})

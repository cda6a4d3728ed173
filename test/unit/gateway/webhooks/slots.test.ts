import { assert, suite } from '#test'
import { createSlots } from '../../../../packages/gateway/src/webhooks/slots.ts'
import { rejection } from '../../../support/fakes.ts'

const test = suite('slots')

/** Slots; `take` ends works, and tells which have begun since. */
function open() {
  const run = createSlots()
  const begun: string[] = []
  const ends = new Map<string, () => void>()
  const add = (host: string, ...names: string[]): void => {
    for (const name of names) {
      const work = () => new Promise<void>((resolve) => ends.set(name, resolve) && void begun.push(name))
      run(host, work)
    }
  }
  const take = async (...ended: string[]) => {
    for (const name of ended) ends.get(name)!()
    await new Promise(setImmediate)
    return begun.splice(0)
  }
  return { add, take }
}

test('two a host, in order; hosts that hang hold up no others', async () => {
  const { add, take } = open()
  for (const host of ['a', 'b']) add(host, ...Array.from({ length: 300 }, (_, index) => `${host}${index}`))
  add('c', 'c0')
  assert.equal(await take(), ['a0', 'a1', 'b0', 'b1', 'c0'])
  assert.equal(await take('a1'), ['a2'])
  assert.equal(await take('a0', 'a2'), ['a3', 'a4'])
  assert.equal(await take('c0'), [])
  add('c', 'c1', 'c2')
  assert.equal(await take(), ['c1', 'c2'], 'of a host whose work has ended')
})

test('256 at once; then each host in turn', async () => {
  const { add, take } = open()
  for (let index = 0; index < 256; index++) add(`host${index}`, `${index}`)
  add('x', 'x0', 'x1', 'x2', 'x3')
  add('y', 'y0', 'y1')
  assert.is((await take()).length, 256)
  assert.equal(await take('0', '1', '2', '3'), ['x0', 'y0', 'x1', 'y1'])
  assert.equal(await take('4'), [])
  assert.equal(await take('x0'), ['x2'])
})

test('the result is given on, and a failure frees its slot', async () => {
  const run = createSlots()
  for (let index = 0; index < 5; index++)
    assert.is((await rejection(run('a', () => Promise.reject(new Error('no'))))).message, 'no')
  assert.is(await run('a', async () => 5), 5)
})

import { createHash } from 'node:crypto'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { watchKeys } from '@flowscale/gateway/node'
import type { Clock } from '@sinonjs/fake-timers'
import { assert, said, suite } from '#test'
import { addKey } from '../../../../packages/gateway/src/node/watchKeys.ts'
import { assertNoCanary, CANARY } from '../../../support/canary.ts'
import { fakeClock, rejection, thrown } from '../../../support/fakes.ts'
import { until } from '../../../support/until.ts'

const test = suite('file of keys')
const hashOf = (key: string) => createHash('sha256').update(key).digest('hex')
const HASH = hashOf(CANARY)
const SHOP = { name: 'shop', sha256: HASH }
let folder = ''
let file = ''
let clock: Clock | undefined
test.before.each(() => {
  folder = mkdtempSync(join(tmpdir(), 'flowscale-keys-'))
  file = join(folder, 'keys.json')
})
test.after.each(() => {
  const timers = clock?.countTimers()
  clock?.uninstall()
  clock = undefined
  rmSync(folder, { recursive: true })
  assert.not.ok(timers, 'a timer is left')
})

const put = (content: unknown, path = file) =>
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content), { mode: 0o600 })

/** Says an error, in which neither a key nor a hash is. */
function says(message: string): void {
  assertNoCanary(message)
  // No part of them, either.
  assert.not.match(message, new RegExp(`fsk_|${HASH.slice(0, 6)}`, 'i'))
  said(message.replaceAll(folder, 'FOLDER'))
}

const BROKEN: unknown[] = [
  '',
  `[{"name": "shop", "sha256": "${HASH}"},\n ${CANARY}]`,
  { keys: [SHOP] },
  [SHOP, null],
  [[SHOP]],
  [{ sha256: HASH }],
  [{ ...SHOP, name: '' }],
  [{ ...SHOP, name: 'a b' }],
  [{ ...SHOP, name: 'a/b' }],
  [{ ...SHOP, name: 'x'.repeat(65) }],
  // A key in the place of its name.
  [{ ...SHOP, name: 'fsk_AbCdEfGhIjKlMnOp' }],
  [{ ...SHOP, name: 5 }],
  [{ name: 'shop' }],
  [{ ...SHOP, sha256: CANARY }],
  [{ ...SHOP, sha256: HASH.toUpperCase() }],
  [{ ...SHOP, sha256: HASH.slice(1) }],
  [{ ...SHOP, sha256: `${HASH}\n` }],
  [{ ...SHOP, sha1: 'x' }],
  [{ ...SHOP, maxRuns: 5 }],
  [{ ...SHOP, [CANARY]: true }],
  [{ ...SHOP, [HASH]: true }],
  [{ ...SHOP, workflows: 'portrait' }],
  [{ ...SHOP, workflows: [''] }],
  [{ ...SHOP, workflows: [5] }],
  ...[0, -1, 1.5, '5', null].map((maxUnfinished) => [{ ...SHOP, maxUnfinished }]),
  ...[-1, 10, 0.5, '1'].map((priority) => [{ ...SHOP, priority }]),
  [{ ...SHOP, admin: 'yes' }],
  [SHOP, { name: 'crm', sha256: hashOf('another') }, { name: 'other', sha256: HASH }],
]

test('a file that is wrong ends the start, with the entry and the field', () => {
  for (const content of BROKEN) {
    put(content)
    says(thrown(() => watchKeys(file)).message)
  }
  rmSync(file)
  says(thrown(() => watchKeys(file)).message)
  mkdirSync(file)
  says(thrown(() => watchKeys(file)).message)
  says(thrown(() => watchKeys(file, { log: 'x' } as never)).message)
})

test('what is right is taken: names twice, limits, no entry at all', () => {
  const limits = { workflows: ['portrait'], maxUnfinished: 20, priority: 9, admin: false }
  for (const keys of [
    [],
    [SHOP, { ...SHOP, sha256: hashOf('2'), ...limits }, { name: 'fsk', sha256: hashOf('3') }],
  ]) {
    put(`\ufeff${JSON.stringify(keys)}`)
    const watched = watchKeys(file)
    assert.equal(watched.current(), keys)
    watched.close!()
  }
})

test('only the owner may write the file, and only its group read it, also after a key was added', async () => {
  put([SHOP])
  for (const mode of [0o604, 0o660, 0o620, 0o644, 0o444]) {
    chmodSync(file, mode)
    says(thrown(() => watchKeys(file)).message)
  }
  for (const mode of [0o400, 0o440, 0o640]) {
    chmodSync(file, mode)
    watchKeys(file).close!()
  }
  await addKey(file, { name: 'crm' })
  assert.is(statSync(file).mode & 0o777, 0o640)
})

test('each change is noticed; of each broken version the log has a line, and the keys of before stay', () => {
  const time = fakeClock('setInterval', 'clearInterval')
  clock = time
  put([SHOP])
  const lines: string[] = []
  const watched = watchKeys(file, { log: (line) => lines.push(line) })
  let changes = 0
  const stop = watched.watch(() => changes++)
  const [a, b, c, d] = [...'abcd'].map((name) => ({ name, sha256: hashOf(name) }))
  const at = (name: string) => join(folder, name)
  // As Kubernetes does: a link to a link to a folder.
  for (const [version, key] of [c, d].entries()) {
    mkdirSync(at(`v${version}`))
    put([key], at(`v${version}/keys.json`))
    symlinkSync(`v${version}`, at(`data${version}`))
  }
  const steps: [change: () => void, names: string, changes: number, lines: number][] = [
    [() => {}, 'shop', 0, 0],
    [() => put([SHOP, a]), 'shop,a', 1, 1],
    // As editors do.
    [() => put([b], at('beside')), 'shop,a', 0, 0],
    [() => renameSync(at('beside'), file), 'b', 1, 1],
    [() => put(`[{"name":"c","sha256":"${CANARY}"}]`), 'b', 0, 1],
    [() => put('[{'), 'b', 0, 1],
    [() => rmSync(file), 'b', 0, 1],
    [() => put([a]), 'a', 1, 1],
    [() => chmodSync(file, 0o644), 'a', 0, 1],
    [() => rmSync(file), 'a', 0, 1],
    [() => symlinkSync('data/keys.json', file), 'a', 0, 0],
    [() => renameSync(at('data0'), at('data')), 'c', 1, 1],
    [() => renameSync(at('data1'), at('data')), 'd', 1, 1],
    [() => put([]), '', 1, 1],
    [stop, '', 0, 0],
    [() => put([SHOP]), 'shop', 0, 1],
    [() => watched.close!(), 'shop', 0, 0],
    [() => put([a]), 'shop', 0, 0],
  ]
  for (const [index, [change, ...expected]] of steps.entries()) {
    changes = lines.length = 0
    change()
    time.tick(5_000)
    const names = watched.current().map(({ name }) => name)
    assert.equal([names.join(), changes, lines.length], expected, `step ${index}`)
    for (const line of lines) says(line)
  }
})

test('keys that are added at once are all kept, for the owner alone; a link stays a link', async () => {
  const link = join(folder, 'link.json')
  symlinkSync('keys.json', link)
  put([SHOP])
  const names = Array.from({ length: 8 }, (_, at) => `k${at}`)
  const added = await Promise.all(names.map((name) => addKey(link, { name })))
  const keys = JSON.parse(readFileSync(file, 'utf8'))
  assert.equal(keys[0], SHOP)
  for (const [at, { key }] of added.entries()) {
    assert.match(key, /^fsk_[\w-]{32}$/)
    assert.equal(
      keys.filter(({ name }: { name: string }) => name === names[at]),
      [{ name: names[at], sha256: hashOf(key) }],
    )
  }
  assert.is(keys.length, 9)
  assert.equal(readdirSync(folder).sort(), ['keys.json', 'link.json'])
  assert.is(statSync(file).mode & 0o777, 0o600)
})

test('a second key of a name has the limits of the first, but for those that are given', async () => {
  await addKey(file, { name: 'shop', workflows: ['portrait'], maxUnfinished: 20, admin: true })
  await addKey(file, { name: 'crm' })
  const { keys } = await addKey(file, { name: 'shop', maxUnfinished: 5 })
  const plain = keys.map(({ sha256: _, ...rest }) => rest)
  assert.equal(plain[1], { name: 'crm' })
  assert.equal(plain[2], { name: 'shop', workflows: ['portrait'], maxUnfinished: 5, admin: true })
  const { keys: more } = await addKey(file, { name: 'shop' })
  assert.is(more[3]!.maxUnfinished, 5)
  assert.is(statSync(file).mode & 0o777, 0o600)
})

test('nothing is added to a file that is wrong, and nothing is left beside it', async () => {
  for (const content of ['[', [{ ...SHOP, sha256: CANARY }]]) {
    put(content)
    const before = readFileSync(file, 'utf8')
    says((await rejection(addKey(file, { name: 'crm' }))).message)
    assert.is(readFileSync(file, 'utf8'), before)
  }
  put([SHOP])
  says((await rejection(addKey(file, { name: 'a b' }))).message)
  says((await rejection(addKey(join(folder, 'none/keys.json'), { name: 'crm' }))).message)
  assert.equal(readdirSync(folder), ['keys.json'])
  // A process that was killed left it.
  put('', `${file}.new`)
  const time = fakeClock()
  clock = time
  const refused = rejection(addKey(file, { name: 'crm' }))
  let isOver = false
  void refused.finally(() => (isOver = true))
  await until(async () => {
    await time.tickAsync(50)
    return isOver
  })
  says((await refused).message)
  assert.equal(JSON.parse(readFileSync(file, 'utf8')), [SHOP])
})

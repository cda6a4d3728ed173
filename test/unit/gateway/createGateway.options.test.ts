import { createGateway } from '@flowscale/gateway'
import { folderQueue } from '@flowscale/gateway/node'
import { assert, said, suite, throws } from '#test'
import { fakeEngine } from './fakeEngine.ts'
import { createStorage } from './records/kit.ts'

const test = suite('gateway options')
const good = { engine: () => fakeEngine(), workflows: [{ name: 'a', graph: {} }], apiKey: 'k' }
const check = (options: object) => createGateway({ ...good, ...options } as never)

function refused(name: string, ...values: unknown[]): void {
  for (const value of values) {
    const names = (error: Error): boolean => error instanceof TypeError && error.message.includes(`"${name}"`)
    assert.throws(() => check({ [name]: value }), names, `${name}: ${String(value)}`)
  }
}

test('a bad value is a TypeError that names the option', () => {
  refused('engine', undefined, null, {}, 'http://127.0.0.1:8188')
  refused(
    'workflows',
    undefined,
    {},
    'folder',
    [null],
    [{ graph: {} }],
    [good.workflows[0], good.workflows[0]],
  )
  refused('apiKey', undefined, '', 'a b', 'ä', 5)
  refused('secret', '', 5, null)
  refused(
    'publicUrl',
    '',
    'x',
    'ftp://x',
    'https://u:p@x',
    'https://x/?a',
    'https://x/?',
    'https://x#',
    'https://x/#a',
    'https://x/a',
    'https://x//',
    5,
    null,
  )
  refused('dialect', 'Readme', '', null)
  refused('urlTtlMs', 0, -1, Number.NaN, Number.POSITIVE_INFINITY, '1', null)
  refused('maxBodyBytes', 0, -1, Number.NaN, '1', null)
  refused('inputHosts', 'x.test', ['https://x.test'], ['x.test/a'], ['u@x.test'], ['X.test'], [''], [5], null)
  refused('openai', 'no', 0, null)
  refused('maxWaiting', 0, 1.5, '5', null)
  refused('keepDays', 0, -1, 1.5, 1e9, '30', null)
  const queue = folderQueue({ folder: 'never opened' })
  assert.throws(() => check({ queue, keepDays: 7 }), TypeError)
  refused('storage', {}, null, 'folder', { getItem() {}, setItem() {}, removeItem() {} })
  refused('logger', 'console', null, { warn: 'x' })
  refused('urlTTL', 5)
  assert.throws(() => createGateway(null as never), /options must be an object/)
})

test('with keys alone, links need a secret, or a place to keep one', () => {
  const keys = [{ name: 'shop', sha256: '0'.repeat(64) }]
  const { message } = throws(() => check({ keys, apiKey: undefined }), TypeError)
  said(message)
  const storage = createStorage()
  for (const more of [{ apiKey: 'k' }, { secret: 's' }, { storage }])
    check({ keys, apiKey: undefined, ...more })
})

test('no message shows a key or a secret', () => {
  for (const options of [
    { apiKey: 'my key' },
    { secret: ['my key'] },
    { publicUrl: 'https://u:my%20key@x/' },
  ]) {
    assert.throws(
      () => check(options),
      (error: Error) => !/my( |%20)key/.test(error.message),
    )
  }
})

test('what is right is taken', () => {
  check({})
  check({
    apiKey: null,
    secret: 's',
    publicUrl: 'https://gpu.example.com/',
    dialect: 'python',
    urlTtlMs: 1,
    maxBodyBytes: 1e9,
    inputHosts: ['images.example.com', 'localhost:3000', '[::1]:80', 'x.test:443'],
    logger: console,
    workflows: [],
  })
  for (const dialect of ['readme', 'openapi'] as const) check({ dialect })
  check({ secret: undefined, publicUrl: undefined, storage: undefined, logger: undefined })
})

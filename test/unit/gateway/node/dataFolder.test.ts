import fs, {
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { assert, said, suite } from '#test'
import { isFromElsewhere } from '../../../../packages/gateway/src/http/access.ts'
import { createSign } from '../../../../packages/gateway/src/http/links.ts'
import { keepKey, openFolder, userFolder } from '../../../../packages/gateway/src/node/dataFolder.ts'
import { readWorkflows, watchWorkflows } from '../../../../packages/gateway/src/node/readWorkflows.ts'
import { rejection } from '../../../support/fakes.ts'
import { box } from '../../../support/media.ts'
import { pngWith } from '../../../support/png.ts'

const test = suite('folder')
let folder = ''
test.before.each(async () => {
  folder = await mkdtemp(join(tmpdir(), 'flowscale-gateway-'))
})
test.after.each(() => rm(folder, { recursive: true, force: true }))

/** Says an error, without the name of the folder, which is another each time. */
const says = async (work: Promise<unknown>): Promise<void> =>
  said((await rejection(work)).message.replaceAll(folder, 'FOLDER'))

test('the folder of a user, by system', () => {
  const { platform } = process
  const before = { ...process.env }
  const of = (name: string, more: Record<string, string>): string => {
    Object.defineProperty(process, 'platform', { value: name })
    for (const key of ['XDG_DATA_HOME', 'LOCALAPPDATA']) delete process.env[key]
    Object.assign(process.env, { HOME: '/home/ada', ...more })
    return userFolder()
  }
  try {
    assert.equal(
      [
        of('linux', {}),
        of('linux', { XDG_DATA_HOME: '/data' }),
        of('linux', { XDG_DATA_HOME: '' }),
        of('darwin', { XDG_DATA_HOME: '/data' }),
        of('win32', { LOCALAPPDATA: '' }),
        of('win32', { LOCALAPPDATA: '/local' }),
      ],
      [
        '/home/ada/.local/share/flowscale-gateway',
        '/data/flowscale-gateway',
        '/home/ada/.local/share/flowscale-gateway',
        '/home/ada/Library/Application Support/flowscale-gateway',
        '/home/ada/AppData/Local/flowscale-gateway',
        '/local/flowscale-gateway',
      ],
    )
  } finally {
    Object.defineProperty(process, 'platform', { value: platform })
    for (const key of ['XDG_DATA_HOME', 'LOCALAPPDATA']) delete process.env[key]
    Object.assign(process.env, before)
  }
})

test('records: set, get, keys below a base, remove', async () => {
  const storage = await openFolder(join(folder, 'runs'))
  assert.is(await storage.getItem('runs:a'), null)
  assert.equal(await storage.getKeys('runs'), [])
  await storage.setItem('runs:a', 'first')
  await storage.setItem('runs:a', 'second')
  await storage.setItem('runs:b', 'b')
  await storage.setItem('groups:g:a', '')
  await writeFile(join(folder, 'runs', 'runs', 'left-by-a-kill.draft'), '')
  assert.is(await storage.getItem('runs:a'), 'second')
  assert.is(await storage.getItem('groups:g:a'), '')
  assert.equal((await storage.getKeys('runs')).sort(), ['runs:a', 'runs:b'])
  assert.equal((await storage.getKeys('runs:')).sort(), ['runs:a', 'runs:b'])
  assert.equal((await storage.getKeys()).sort(), ['groups:g:a', 'runs:a', 'runs:b'])
  await storage.removeItem('runs:a')
  await storage.removeItem('runs:a')
  assert.equal(await storage.getKeys('runs'), ['runs:b'])
  await mkdir(join(folder, 'runs', 'runs', 'taken'))
  assert.ok(
    (await rejection(storage.setItem('runs:taken', 'a'))) instanceof Error,
    'a record that could not be written',
  )
})

test('records are found, however the folder is written', async () => {
  const below = relative('.', folder)
  for (const path of [`${folder}/`, `${folder}/./`, `${folder}/x/..`, below, `../../../gateway/${below}/`]) {
    const storage = await openFolder(path)
    await storage.setItem('runs:a', '1')
    assert.equal(await storage.getKeys('runs'), ['runs:a'], path)
    assert.equal(await storage.getKeys(), ['runs:a'], path)
  }
})

test('a key stays in the folder, whatever it is', async () => {
  const storage = await openFolder(join(folder, 'runs'))
  const keys = ['..', '.', '../../x', '/etc/passwd', 'a/b', 'a\\b', 'ä ö', 'CON', '%2e%2e', 'x*?"<>|', 'a..b']
  for (const key of keys) await storage.setItem(`k:${key}`, key)
  assert.equal(await readdir(folder), ['runs'])
  assert.equal((await storage.getKeys('k')).sort(), keys.map((key) => `k:${key}`).sort())
  for (const key of keys) assert.is(await storage.getItem(`k:${key}`), key)
})

test('of writers at once, one wins whole, and nothing else is left', async () => {
  const storage = await openFolder(folder)
  const values = Array.from({ length: 50 }, (_, i) => `${i}`.repeat(20_000))
  await Promise.all(values.map((value) => storage.setItem('k', value)))
  assert.ok(values.includes(String(await storage.getItem('k'))))
  assert.equal(await readdir(folder), ['k'])
})

test('a key is made once, kept for the owner alone, and found again', async () => {
  const data = join(folder, 'data')
  const keys = await Promise.all([keepKey(data), keepKey(data), keepKey(data)])
  assert.is(new Set(keys).size, 1)
  assert.match(keys[0], /^fsk_[\w-]{32}$/)
  assert.is(await keepKey(data), keys[0])
  assert.is((await stat(join(data, 'api-key'))).mode & 0o777, 0o600)
  assert.equal(await readdir(data), ['api-key'])
  assert.is((await readFile(join(data, 'api-key'), 'utf8')).trim(), keys[0])
})

test('a full disk leaves nothing of a key', async () => {
  const real = fs.writeFile
  fs.writeFile = async (path) => {
    await real(path, '')
    throw Object.assign(new Error('full'), { code: 'ENOSPC' })
  }
  syncBuiltinESMExports()
  try {
    assert.is(Object(await rejection(keepKey(folder))).code, 'ENOSPC')
  } finally {
    fs.writeFile = real
    syncBuiltinESMExports()
  }
  assert.equal(await readdir(folder), [])
})

test('a key that was spoiled is an error that does not show it', async () => {
  await writeFile(join(folder, 'api-key'), 'two words')
  await says(keepKey(folder))
})

test('workflows: each file by its name, with its sidecar', async () => {
  await writeFile(join(folder, 'b.json'), '\ufeff{"1":{}}')
  await writeFile(join(folder, 'a.json'), '{"2":{}}')
  await writeFile(join(folder, 'a.flowscale.json'), '{"id":"x"}')
  await writeFile(join(folder, 'c.png'), pngWith({ prompt: { 3: {} }, workflow: { nodes: [] } }))
  await writeFile(join(folder, 'd.webp'), 'RIFF????WEBP')
  await writeFile(join(folder, 'b.png'), pngWith({ prompt: {} }))
  await writeFile(join(folder, 'notes.txt'), 'no workflow')
  await writeFile(join(folder, '.hidden.json'), 'no workflow')
  await mkdir(join(folder, 'more.json'))
  const read = await readWorkflows(folder)
  assert.equal(read.slice(0, 2), [
    { name: 'a', graph: { 2: {} }, sidecar: { id: 'x' } },
    { name: 'b', graph: { 1: {} } },
  ])
  assert.equal(read[3], { name: 'c', graph: { 3: {} }, workflow: { nodes: [] }, file: 'c.png' })
  const problems = read.flatMap(({ name, problem }) => (problem === undefined ? [] : [`${name}: ${problem}`]))
  assert.is(problems.length, 3)
  for (const problem of problems) said(problem)
})

test('workflows: a video of more than 64 MB is read in parts', async () => {
  const video = await readFile('test/support/media/names.mp4')
  const path = join(folder, 'large.mp4')
  const file = await open(path, 'w')
  // In front of the texts is a box of 96 MB. The file has no bytes there.
  await file.write(box('ftyp'))
  await file.write(Buffer.from('\x06\0\0\0free'))
  await file.write(video, 0, video.length, 8 + 96 * 2 ** 20)
  await file.close()
  const before = process.memoryUsage().arrayBuffers
  const [{ graph, workflow } = {}] = (await readWorkflows(folder)) as any
  assert.equal([Object.keys(graph), workflow.nodes], [['1'], []])
  assert.ok(process.memoryUsage().arrayBuffers - before < 2 ** 25)
  await truncate(path, 2 ** 20)
  const [{ problem } = {}] = (await readWorkflows(folder)) as any
  said(problem)
  await writeFile(path, 'no video')
  await truncate(path, 65 * 2 ** 20)
  const [{ problem: large } = {}] = (await readWorkflows(folder)) as any
  said(large)
})

test('workflows: what is wrong is said with the name of the file', async () => {
  await says(readWorkflows(join(folder, 'none')))
  const file = join(folder, 'notes.txt')
  await writeFile(file, '')
  await says(readWorkflows(file))
  await writeFile(join(folder, 'b.json'), '{}')
  await writeFile(join(folder, 'a.flowscale.json'), '{}')
  const [good, , lost] = await readWorkflows(folder)
  assert.equal([good!.name, good!.problem, lost!.name], ['b', undefined, 'a'])
  // Callers of the API see it, so no folder is in it.
  said(lost!.problem!)
  await writeFile(join(folder, 'a.json'), '{"no\nJSON')
  const [half, other] = await readWorkflows(folder)
  assert.match(half!.problem!, /^a\.json is not JSON: /)
  assert.equal(other, { name: 'b', graph: {} })
})

test('workflows: a file that has not changed is the same object; changes of a sidecar count, too', async () => {
  const put = (name: string, text: string) => writeFile(join(folder, name), text)
  await put('a.json', '{"1":{}}')
  await put('b.json', '{"1":{}}')
  const read = watchWorkflows(folder)
  const first = await read()
  assert.is(await read(), first)
  await put('b.flowscale.json', '{"id":"x"}')
  const second = await read()
  assert.is(second[0], first[0])
  assert.equal(second[1], { ...first[1], sidecar: { id: 'x' } })
  await rm(join(folder, 'a.json'))
  await put('c.json', '{}')
  const third = await read()
  assert.equal([third[0] === second[1], third.length, third[1]?.name], [true, 2, 'c'])
})

test('workflows: what can’t be read now is read later, and is no change until then', async () => {
  const path = join(folder, 'a.json')
  await symlink('a.json', path)
  const read = watchWorkflows(folder)
  const first = await read()
  said(first[0]!.problem!)
  assert.is(await read(), first)
  await rm(path)
  await writeFile(path, '{}')
  assert.equal(await read(), [{ name: 'a', graph: {} }])
})

test('signatures: the same for the same secret, another for another text or secret', async () => {
  const sign = createSign('secret')
  const first = await sign('/generations/a/b.png\n1')
  assert.match(first, /^[0-9a-f]{64}$/)
  assert.is(await createSign('secret')('/generations/a/b.png\n1'), first)
  assert.is.not(await sign('/generations/a/b.png\n2'), first)
  assert.match(await createSign('')('x'), /^[0-9a-f]{64}$/)
  assert.is.not(await createSign('secret2')('/generations/a/b.png\n1'), first)
})

test('without a key, only pages of the gateway itself are let in', () => {
  const from = (headers: Record<string, string>) =>
    isFromElsewhere(new Request('http://gateway.flowscale.test/', { headers }))
  assert.is(from({}), false)
  for (const host of ['127.0.0.1:4188', 'localhost:4188', '[::1]:4188', 'localhost', '127.1.2.3:1']) {
    assert.is(from({ host }), false, host)
    assert.is(from({ host, origin: `http://${host}` }), false, host)
  }
  for (const origin of ['null', 'https://evil.test', 'http://127.0.0.1:3000', 'http://localhost:4188', 'x']) {
    assert.is(from({ host: '127.0.0.1:4188', origin }), true, origin)
  }
  for (const host of [
    'evil.test:4188',
    '127.0.0.1.evil.test',
    'localhost.evil.test',
    '192.168.1.5:4188',
    '',
  ]) {
    assert.is(from({ host }), true, host)
    assert.is(from({ host, origin: `http://${host}` }), true, host)
  }
})

test('of many files with another ending, 50 are read', async () => {
  await writeFile(join(folder, 'good.json'), '{}')
  for (let at = 0; at < 70; at++) await writeFile(join(folder, `notes-${at}.txt`), '{}')
  const found = await watchWorkflows(folder)()
  assert.is(found.length, 71)
  assert.is(found.filter(({ problem }) => problem === undefined).length, 51)
})

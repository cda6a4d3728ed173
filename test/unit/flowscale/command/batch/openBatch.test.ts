// The parts of a batch's state: names of files, the bar, lines of a file that outlives its process.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFile, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { assert, suite } from '#test'
import { lockFolder } from '../../../../../packages/flowscale/src/command/batch/lockFolder.ts'
import { openBatch } from '../../../../../packages/flowscale/src/command/batch/openBatch.ts'
import { openLines } from '../../../../../packages/flowscale/src/command/batch/openLines.ts'
import { nameFiles } from '../../../../../packages/flowscale/src/command/batch/runRows.ts'
import { barText } from '../../../../../packages/flowscale/src/command/batch/summarise.ts'
import { writeWhole } from '../../../../../packages/flowscale/src/command/files.ts'

const test = suite('state of a batch')
const folder = await mkdtemp(join(tmpdir(), 'flowscale-state-'))
test.after(() => rm(folder, { recursive: true }))

const outputsOf = (...names: string[]) =>
  names.map((filename) => ({ filename, download_url: null, generation_status: 'completed' }))

test('a file is named by its row', () => {
  assert.equal(nameFiles(7, 300, outputsOf('filename_prefix_1_ABC.png')), ['0007.png'])
  assert.equal(nameFiles(7, 20_000, outputsOf('a.b.webm')), ['00007.webm'])
  assert.equal(nameFiles(7, 1, outputsOf('noextension')), ['0007'])
  const linked = {
    ...outputsOf('none')[0]!,
    download_url: 'https://s3.example.com/a/none.PNG?X-Signature=a.b',
  }
  assert.equal(nameFiles(7, 1, [linked]), ['0007.PNG'])
  assert.equal(nameFiles(7, 1, []), [])
})

test('of several outputs each has its name, and none leaves the folder', () => {
  assert.equal(nameFiles(1, 1, outputsOf('first.png', 'second.txt')), ['0001-first.png', '0001-second.txt'])
  assert.equal(nameFiles(1, 1, outputsOf('A.png', 'a.png', 'a.png')), [
    '0001-A.png',
    '0001-a-2.png',
    '0001-a-3.png',
  ])
  const hostile = [
    '../../x.png',
    '/etc/passwd',
    'a\0b.png',
    'C:\\con.txt',
    '..',
    '',
    'x'.repeat(900),
    '\u202egnp.exe',
    '灯'.repeat(300),
  ]
  for (const name of nameFiles(1, 1, outputsOf(...hostile))) {
    assert.match(name, /^0001-[\p{L}\p{N}_.-]*$/u)
    assert.not.match(name, /\.\./)
    assert.ok(Buffer.byteLength(name) <= 255 - 24, name)
  }
})

test('the bar', () => {
  const states = new Map(['running', 'queued', 'completed', 'queued'].map((state, row) => [row, state]))
  assert.equal(barText({ done: 100, failed: 20, states }, 300, 10, true), [
    '[████░░░░░░] 120/300',
    '20 failed, 1 running, 2 queued',
  ])
  const none = new Map<number, string>()
  assert.equal(barText({ done: 0, failed: 0, states: none }, 3, 6, false), ['[......] 0/3', ''])
  assert.equal(barText({ done: 3, failed: 0, states: none }, 3, 6, false), ['[######] 3/3', ''])
})

test('lines: what was added is there, half a line is not, and lines after it are whole', async () => {
  const path = join(folder, 'lines.jsonl')
  const first = await openLines(path)
  assert.equal(first.values, [])
  await Promise.all([first.append({ a: 1 }), first.append({ a: 2 })])
  await first.close()
  await appendFile(path, '{"a":3,"b":"hal')
  const second = await openLines(path)
  assert.equal(second.values, [{ a: 1 }, { a: 2 }])
  await second.append({ a: 4 })
  await second.replace([{ a: 5 }])
  await second.append({ a: 6 })
  await second.close()
  assert.is(await readFile(path, 'utf8'), '{"a":5}\n{"a":6}\n')
})

test('lines of a file that was moved away are an error, and stay one', async () => {
  const path = join(folder, 'moved.jsonl')
  const lines = await openLines(path)
  await rename(path, `${path}.old`)
  const failure = () =>
    lines.append({ a: 1 }).then(
      () => 'it was added',
      (error) => error.code,
    )
  assert.is(await failure(), 'ENOENT')
  await writeFile(path, '')
  assert.is(await failure(), 'ENOENT')
  await lines.close()
  assert.is(await readFile(`${path}.old`, 'utf8'), '')
})

for (const line of ['{"a":', 'null', '7']) {
  test(`a damaged line is an error that says which: ${line}`, async () => {
    const path = join(folder, 'runs.jsonl')
    await writeFile(path, `{"a":1}\n${line}\n{"a":3}\n`)
    const error = await openLines(path).catch((error) => error)
    assert.match(error.message, /Line 2 of .*runs\.jsonl is damaged: remove that line/)
  })
}

test('the lock of a dead process is taken over, but not that of another machine of the same name', async () => {
  const path = join(folder, 'batch.lock')
  await lockFolder(folder)
  // No system gives such a pid.
  const dead = { ...JSON.parse(await readFile(path, 'utf8')), pid: 2 ** 30 }
  await writeFile(path, JSON.stringify({ ...dead, machine: 'another' }))
  const error = await lockFolder(folder).catch((error) => error)
  assert.match(error.message, `is in use by process ${dead.pid} on`)
  await writeFile(path, JSON.stringify(dead))
  const unlock = await lockFolder(folder)
  unlock()
})

test('the lock of a killed process is taken over, even while it is a zombie', async () => {
  const parent = spawn('sh', ['-c', 'sleep 60 & echo $!; exec sleep 60'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  try {
    const [line] = await once(parent.stdout, 'data')
    const pid = Number(line)
    const stat = async () => (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]!.split(' ')
    const path = join(folder, 'batch.lock')
    const unlock = await lockFolder(folder)
    const own = JSON.parse(await readFile(path, 'utf8'))
    unlock()
    await writeFile(path, JSON.stringify({ ...own, pid, began: (await stat())[19] }))
    assert.match(await lockFolder(folder).catch((error) => error.message), `is in use by process ${pid} on`)
    process.kill(pid, 'SIGKILL')
    while ((await stat())[0] !== 'Z') await setTimeout(5)
    ;(await lockFolder(folder))()
  } finally {
    parent.kill('SIGKILL')
  }
})

test('a file that is written whole is as it was where that fails', async () => {
  const path = join(folder, 'whole.json')
  await writeWhole(path, 'one')
  await writeWhole(path, 'two')
  assert.is(await readFile(path, 'utf8'), 'two')
  assert.ok(await writeWhole(join(folder, 'none', 'x'), 'x').catch((error) => error.code === 'ENOENT'))
})

test('what a killed process was writing is removed, and nothing else', async () => {
  const place = join(folder, 'killed')
  await mkdir(place)
  const mine = ['.mine.part', '0001.png']
  for (const name of [...mine, '.0001.png.ab12.part', '.batch.json.7.part', '.results.jsonl.7.part'])
    await writeFile(join(place, name), 'x')
  const batch = await openBatch(place, { workflowId: 'w', url: 'http://a.test', rows: 1, hashes: ['h'] })
  await batch.close()
  const left = (await readdir(place)).filter((name) => !/^(batch|runs|results)\.json/.test(name))
  assert.equal(left.sort(), mine)
})

test('a batch has keys as long as the server keeps them, and never again after that', async () => {
  const path = join(folder, 'keys')
  const expected = { workflowId: 'w', url: 'http://pod.test', rows: 1, hashes: ['a'] }
  const seen: unknown[] = []
  for (const isKeyed of [true, true, undefined, true] as const) {
    const state = await openBatch(path, { ...expected, isKeyed })
    const { isKeyed: isSaved, batchId } = JSON.parse(await readFile(join(path, 'batch.json'), 'utf8'))
    seen.push([state.isKeyed, isSaved ?? false])
    assert.is(state.batchId, batchId)
    await state.close()
  }
  const [yes, no] = [true, false].map((is) => [is, is])
  assert.equal(seen, [yes, yes, no, no])
})

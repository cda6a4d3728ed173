// 300 rows, killed again and again at moments of every kind: nothing is paid for twice, and nothing is lost.
import { assert, suite } from '#test'
import { batchPod, echoed } from '../command/batchKit.ts'
import { start } from '../command/kit.ts'
import { createRandom } from '../support/random.ts'

const test = suite('batch, killed')
const rows = 300
const seed = Number(process.env.FLOWSCALE_SEED) || 20_260_711

const isSubmission = (what: string) => what.startsWith('POST /api/v1/runs?')
const isLook = (what: string) => /^GET .*group_id=batch-/.test(what)
const isList = (what: string) => what.startsWith('GET /api/v1/runs') && !isLook(what)
const isFile = (what: string) => what.startsWith('FILE ')

/** What the process is killed at, and how often that is passed over first, at most. */
const moments: readonly (readonly [
  name: string,
  at: (what: string) => boolean,
  most: number,
  isAnswered: boolean,
])[] = [
  ['before the first submission', isLook, 3, false],
  ['a run was started, and the answer is not sent', isSubmission, 20, true],
  ['a submission comes in', isSubmission, 40, false],
  ['a group is looked for', isLook, 30, true],
  ['the list is read', isList, 2, false],
  ['a file is asked for', isFile, 25, false],
  ['a file is sent', isFile, 25, true],
  ['a run was started again, and the answer is not sent', isSubmission, 10, true],
  ['a file is sent again', isFile, 40, true],
  ['the last files', isFile, 40, true],
]

for (const hidesKeys of [true, false]) {
  const how = hidesKeys ? 'by groups' : 'by keys'
  test(`300 rows and ten kills, ${how}: 300 runs, 300 files`, () => playKills(hidesKeys))
}

async function playKills(hidesKeys: boolean): Promise<void> {
  const random = createRandom(seed)
  let kill: ((what: string, isAnswered: boolean) => void) | undefined
  const pod = await batchPod({ speed: 20, containers: 100, hidesKeys }, (what, isAnswered) =>
    kill?.(what, isAnswered),
  )
  try {
    const prompts = Array.from({ length: rows }, (_, index) => `text ${index}, "quoted"`)
    const csv = prompts.map((prompt) => `"${prompt.replaceAll('"', '""')}"`)
    await pod.write('rows.csv', `prompt\n${csv.join('\n')}\n`)
    const args = ['batch', 'Echo', 'rows.csv', '-o', 'out', '--concurrency', '16']
    const begin = () => start(args, { cwd: pod.folder, env: pod.env })
    const reached: string[] = []
    for (const [name, at, most, wantsAnswer] of moments) {
      if (at === isLook && !hidesKeys) continue
      let left = Math.floor(random() * most)
      const { child, ended } = begin()
      kill = (what, isAnswered) => {
        if (isAnswered !== wantsAnswer || !at(what) || left-- > 0) return
        child.kill('SIGKILL')
      }
      const { signal, code, stderr } = await ended
      kill = undefined
      assert.ok(signal === 'SIGKILL' || code === 0, `${name}: ${code} ${stderr}`)
      if (signal) reached.push(name)
      assert.ok(pod.emulator.ledger.runs.length <= rows, name)
    }
    const { code, stdout, stderr } = await begin().ended
    assert.is(code, 0, stderr)
    assert.match(stdout, /^300 of 300 rows are done: see out\/results\.jsonl\.\n$/)
    // On a busy machine all rows may be done before the last moments.
    assert.ok(reached.length >= 5, `killed at ${reached.join('; ')}`)

    const { runs } = pod.emulator.ledger
    assert.is(runs.length, rows, 'each row was paid for once')
    assert.is(new Set(runs.map(({ groupId }) => groupId)).size, rows)
    const results = await pod.lines('out/results.jsonl')
    assert.equal(
      results.map(({ row, status }) => [row, status]),
      prompts.map((_, index) => [index + 1, 'completed']),
    )
    assert.equal(new Set(results.map(({ runId }) => runId)), new Set(runs.map(({ runId }) => runId)))
    for (const [index, prompt] of prompts.entries()) {
      const { path } = results[index].outputs[0]
      assert.is(path, `${`${index + 1}`.padStart(4, '0')}.txt`)
      assert.is(await pod.read(`out/${path}`), echoed(prompt), `the output of row ${index + 1}`)
    }
    assert.equal(
      (await pod.list('out')).filter((name) => !/^\d{4}\.txt$/.test(name)),
      ['batch.json', 'results.jsonl', 'runs.jsonl'],
    )
    if (process.env.DEBUG) console.log(reached)
  } finally {
    await pod.close()
  }
}

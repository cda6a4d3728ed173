// `flowscale batch` where something goes wrong on the way: nothing is paid for in vain, and the next start goes on.
import { execFileSync } from 'node:child_process'
import { renameSync } from 'node:fs'
import { mkdir, rename } from 'node:fs/promises'
import { assert, suite } from '#test'
import { type BatchPod, echoed, refusal, startsEarly, withPod } from './batchKit.ts'
import { flowscale, hasTerminals, start, startInTerminal } from './kit.ts'

const test = suite('batch, in trouble')
const early = startsEarly(test)

const args = ['batch', 'Echo', 'rows.csv', '-o', 'out']
const rowsOf = (count: number) =>
  `prompt\n${Array.from({ length: count }, (_, at) => `text ${at}`).join('\n')}\n`
const started = (pod: BatchPod) => pod.emulator.ledger.runs.length
const batch = (pod: BatchPod, ...more: string[]) =>
  flowscale([...args, ...more], { cwd: pod.folder, env: pod.env })
const lastOf = (stdout: string) => JSON.parse(stdout.trim().split('\n').at(-1)!)

/** All rows are there, each was paid for once, and nothing else is in the folder. */
async function isWhole(pod: BatchPod, count: number): Promise<void> {
  assert.is(started(pod), count)
  assert.is((await pod.lines('out/results.jsonl')).length, count)
  for (let at = 0; at < count; at++) {
    const name = `${`${at + 1}`.padStart(4, '0')}.txt`
    assert.ok((await pod.read(`out/${name}`)) === echoed(`text ${at}`), name)
  }
  assert.is((await pod.list('out')).length, count + 3)
}

/** Sends a signal to a batch when a request of this kind comes in. */
function interruptedAt(
  pattern: RegExp,
  options: Parameters<typeof withPod>[0],
  use: (pod: BatchPod, ended: any) => Promise<void>,
) {
  let interrupt = () => {}
  const listener = (what: string, isAnswered: boolean) => {
    if (pattern.test(what) && !isAnswered) interrupt()
  }
  const run = async (pod: BatchPod) => {
    await pod.write('rows.csv', rowsOf(5))
    const { child, ended } = start([...args, '--json'], { cwd: pod.folder, env: pod.env })
    interrupt = () => {
      interrupt = () => {}
      child.kill('SIGINT')
    }
    await use(pod, await ended)
  }
  return withPod(options, run, listener)
}

for (const [what, pattern, hidesKeys] of [
  ['runs of an earlier start are looked for', /^GET .*group_id=/, true],
  ['rows are submitted', /^POST/, false],
  ['runs are waited for', /^GET \/api\/v1\/runs(?!.*group_id)/, false],
  ['files are saved', /^FILE/, false],
] as const) {
  early(`Ctrl-C while ${what}: it says how to go on, and goes on`, () =>
    interruptedAt(pattern, { hidesKeys }, async (pod, { code, stdout, stderr }) => {
      assert.is(code, 130, stdout)
      assert.is(stderr, '')
      const { error } = lastOf(stdout)
      assert.is(error.code, 'interrupted')
      assert.is(error.rows, 5)
      assert.match(error.message, /Start the same command again to go on\.$/)
      assert.not.ok(
        (await pod.list('out')).some((name) => /part|lock/.test(name)),
        'nothing is left behind',
      )
      const again = await batch(pod)
      assert.is(again.code, 0, again.stderr)
      await isWhole(pod, 5)
    }),
  )
}

early('SIGTERM ends it with 143', () =>
  withPod({ speed: 1 }, async (pod) => {
    await pod.write('rows.csv', rowsOf(1))
    const { child, ended, printed } = start([...args, '--json'], { cwd: pod.folder, env: pod.env })
    await printed(/"submitted"/)
    child.kill('SIGTERM')
    assert.is((await ended).code, 143)
  }),
)

early('--timeout: 124, and the next start goes on', () =>
  withPod({ speed: 0.001 }, async (pod) => {
    await pod.write('rows.csv', rowsOf(2))
    const { code, stderr } = await batch(pod, '--timeout', '7')
    assert.is(code, 124)
    assert.match(stderr, /Timed out\. 0 of 2 rows are done, 2 are not finished.*Start the same command again/)
    assert.is(started(pod), 2)
  }),
)

early('whoever reads stdout leaves: it goes on to its end', () =>
  withPod({}, async (pod) => {
    await pod.write('rows.csv', rowsOf(4))
    const { child, ended, printed } = start([...args, '--json'], { cwd: pod.folder, env: pod.env })
    await printed(/"batch"/)
    child.stdout!.destroy()
    const { code, stderr } = await ended
    assert.is(code, 0, stderr)
    assert.is(stderr, '')
    await isWhole(pod, 4)
  }),
)

for (const hidesKeys of [true, false]) {
  const how = hidesKeys ? 'found by its group' : 'sent again by its key, and no group is looked into'
  early(`a submission without an answer is ${how}`, () => {
    let isLost = true
    const plan = ({ operation, number }: { operation: string; number: number }) =>
      isLost && operation === 'executeWorkflow' && number % 2 === 0 ? 'reset-late' : undefined
    return withPod({ faults: { plan }, hidesKeys }, async (pod) => {
      await pod.write('rows.csv', rowsOf(4))
      const first = await batch(pod, '--json', '--concurrency', '1')
      assert.is(first.code, hidesKeys ? 1 : 0)
      assert.is(lastOf(first.stdout).unfinished, hidesKeys ? 2 : 0)
      if (hidesKeys) assert.match(first.stdout, /"maybeSubmitted":true/)
      isLost = false
      assert.is((await batch(pod)).code, 0)
      await isWhole(pod, 4)
      assert.is(pod.asked.filter((what) => /^GET .*group_id=/.test(what)).length > 0, hidesKeys)
    })
  })
}

early('a row whose POST was answered after the kill is sent again by its key, and is the same run', () => {
  let kill: (() => void) | undefined
  const listener = (what: string, isAnswered: boolean) => {
    if (!what.startsWith('POST') || !isAnswered) return
    kill?.()
    kill = undefined
  }
  const use = async (pod: BatchPod) => {
    await pod.write('rows.csv', rowsOf(3))
    const { child, ended } = start([...args, '--concurrency', '1'], { cwd: pod.folder, env: pod.env })
    kill = () => child.kill('SIGKILL')
    await ended
    assert.is((await pod.lines('out/runs.jsonl')).length, 0)
    assert.is((await batch(pod)).code, 0)
    await isWhole(pod, 3)
    assert.is(pod.asked.filter((what) => /^GET .*group_id=/.test(what)).length, 0)
  }
  return withPod({}, use, listener)
})

early('nothing but submissions without an answer: 6', () =>
  withPod(
    { faults: { plan: ({ operation }) => (operation === 'executeWorkflow' ? 'reset-late' : undefined) } },
    async (pod) => {
      await pod.write('rows.csv', rowsOf(2))
      const { code, stdout } = await batch(pod, '--json')
      assert.is(code, 6)
      assert.is(lastOf(stdout).error.maybeSubmitted, true)
    },
  ),
)

early('files that do not come are fetched at the next start, and nothing is paid for again', () => {
  let isBroken = true
  // The links of these are renewed, and refused again.
  const files = new Set<string>()
  const listener = (what: string, isAnswered: boolean) => {
    const [, path = ''] = /^FILE ([^?]*)/.exec(what) ?? []
    if (!path || isAnswered || !isBroken) return undefined
    if (files.size < 2) files.add(path)
    return files.has(path) ? refusal(400) : undefined
  }
  const use = async (pod: BatchPod) => {
    await pod.write('rows.csv', rowsOf(4))
    const { code, stdout, stderr } = await batch(pod)
    assert.is(code, 1, stderr)
    assert.match(stdout, /2 of 4 rows are done, 2 are not finished.*Start the same command again/)
    assert.match(stderr, /row \d unfinished: /)
    const results = await pod.lines('out/results.jsonl')
    assert.is(results.filter(({ status, runId }) => status === 'unfinished' && runId).length, 2)
    isBroken = false
    assert.is((await batch(pod)).code, 0)
    await isWhole(pod, 4)
  }
  return withPod({}, use, listener)
})

/** A pod that answers every submission by an error. With keys, each would be tried four times. */
const refusing = (status: number, use: (pod: BatchPod) => Promise<void>) =>
  withPod({ hidesKeys: true }, use, (what, isAnswered) =>
    !isAnswered && what.startsWith('POST') ? refusal(status) : undefined,
  )
const posts = (pod: BatchPod) => pod.asked.filter((what) => what.startsWith('POST')).length

early('a key that is refused: 5, and no row after it is tried', () =>
  refusing(401, async (pod) => {
    await pod.write('rows.csv', rowsOf(50))
    const { code, stderr } = await batch(pod)
    assert.is(code, 5, stderr)
    assert.match(stderr, /Check the key/)
    assert.ok(posts(pod) <= 4, `${posts(pod)} submissions`)
  }),
)

early('a server that takes no submission: after ten no more are tried', () =>
  refusing(503, async (pod) => {
    await pod.write('rows.csv', rowsOf(50))
    const { code, stderr } = await batch(pod)
    assert.ok(code === 3 || code === 6, `${code}: ${stderr}`)
    assert.ok(posts(pod) >= 10 && posts(pod) < 50, `${posts(pod)} submissions`)
  }),
)

early('rows that the server refuses: 2 where it took none', () =>
  refusing(422, async (pod) => {
    await pod.write('rows.csv', rowsOf(20))
    const { code, stdout, stderr } = await batch(pod)
    assert.is(code, 2)
    assert.is(stdout, '')
    assert.match(stderr, /row 20 unfinished/)
    assert.is(posts(pod), 20, 'another row may be right')
  }),
)

early('no server: 3', () =>
  withPod({}, async (pod) => {
    await pod.write('rows.csv', rowsOf(2))
    const env = { FLOWSCALE_API_URL: 'http://127.0.0.1:9', FLOWSCALE_API_KEY: 'k' }
    const { code } = await flowscale(args, { cwd: pod.folder, env })
    assert.is(code, 3)
  }),
)

early('a folder that goes away: nothing more is submitted, and back again it goes on', () => {
  let seen = 0
  const listener = (pod: { current?: BatchPod }) => (what: string, isAnswered: boolean) => {
    if (!what.startsWith('POST') || !isAnswered || ++seen !== 3) return
    // At once: a busy machine would submit more during a rename that waits.
    renameSync(pod.current!.path('out'), pod.current!.path('elsewhere'))
  }
  const holder: { current?: BatchPod } = {}
  return withPod(
    {},
    async (pod) => {
      holder.current = pod
      await pod.write('rows.csv', rowsOf(40))
      const { code, stderr } = await batch(pod, '--concurrency', '1')
      assert.is(code, 1, stderr)
      assert.match(stderr, /[^.]\. Nothing more was submitted\./)
      assert.ok(started(pod) <= 4, `${started(pod)} were submitted`)
      await rename(pod.path('elsewhere'), pod.path('out'))
      assert.is((await batch(pod, '--concurrency', '8')).code, 0)
      await isWhole(pod, 40)
    },
    listener(holder),
  )
})

const isRoot = process.platform === 'linux' && process.getuid?.() === 0
const onSmallDisk = (path: string): boolean => {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=40k', 'tmpfs', path], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

const full = 'a full disk: nothing more is submitted, and with room again it goes on'
if (isRoot) {
  early(full, () => {
    let posts = 0
    let files = 0
    let release = () => {}
    const held = new Promise<undefined>((resolve) => {
      release = () => resolve(undefined)
    })
    // Most rows are still to be submitted when the disk, which holds five files, is full.
    const listener = (what: string, isAnswered: boolean) => {
      if (!isAnswered && what.startsWith('FILE') && ++files === 7) setTimeout(release, 1000)
      return !isAnswered && what.startsWith('POST') && ++posts === 11 ? held : undefined
    }
    const use = async (pod: BatchPod) => {
      await pod.write('rows.csv', rowsOf(40))
      await mkdir(pod.path('out'))
      if (!onSmallDisk(pod.path('out'))) return console.log(' skipped: no mount here')
      try {
        const first = await batch(pod, '--concurrency', '1')
        assert.is(first.code, 1, first.stderr)
        assert.match(first.stderr, /no space|disk is full|ENOSPC/i)
        assert.match(first.stderr, /[^.]\. Nothing more was submitted\./)
        assert.not.ok((await pod.list('out')).some((name) => name.endsWith('.part')))
        assert.ok(started(pod) <= 11, `${started(pod)} were submitted`)
        execFileSync('mount', ['-o', 'remount,size=8m', pod.path('out')])
        const again = await batch(pod, '--concurrency', '8')
        assert.is(again.code, 0, again.stderr)
        await isWhole(pod, 40)
      } finally {
        execFileSync('umount', [pod.path('out')])
      }
    }
    return withPod({}, use, listener)
  })
} else test.skip(full, () => {})

const inTerminal = hasTerminals ? early : (name: string, run: () => Promise<void>) => test.skip(name, run)
inTerminal('in a terminal: a bar with counts, failures above it, and nothing of it left', () =>
  withPod({ speed: 0.5, containers: 1 }, async (pod) => {
    await pod.write('rows.csv', 'prompt\nfail\na\nb\nc\n')
    const run = startInTerminal([...args, '--concurrency', '1'], {
      cwd: pod.folder,
      env: pod.env,
      columns: 60,
    })
    await run.shows(/\[░{20}\] 0\/4/)
    await run.shows(/\[█+░+\] [123]\/4(, [\d mins]+)?, 1 failed, 1 running/)
    const { code, screen } = await run.ended
    assert.is(code, 1)
    assert.match(screen, /^row 1 failed: /m)
    assert.not.match(screen, /░|row 2/)
    assert.match(screen, /3 of 4 rows are done, 1 failed/)
  }),
)

inTerminal('Ctrl-C in a terminal', () =>
  withPod({ speed: 0.01, containers: 1 }, async (pod) => {
    await pod.write('rows.csv', rowsOf(2))
    const run = startInTerminal(args, { cwd: pod.folder, env: { ...pod.env, LANG: 'C', LC_ALL: 'C' } })
    await run.shows(/\[\.+\] 0\/2(, [\d mins]+)?, 1 running, 1 queued/)
    run.type('\x03')
    const { code, screen } = await run.ended
    assert.is(code, 130)
    assert.match(
      screen.replace(/\s+/g, ' '),
      /Interrupted\. 0 of 2 rows are done.*Runs that were submitted go on/,
    )
  }),
)

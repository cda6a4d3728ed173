// The command `flowscale` of the packed tarballs, on each Node that it is for.
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { assert, suite } from '#test'
import { install, pack } from '../bundlers/pack.ts'
import { batchPod, echoed, startsEarly, withPod } from '../command/batchKit.ts'
import { nodePath, usualNodes } from './command.ts'

const test = suite('flowscale on each Node')
const early = startsEarly(test, 2)
const command = installCommand()
const pod = await batchPod({ containers: 3 })
test.after(async () => {
  await pod.close()
  command.remove()
})

interface Case {
  args: string[]
  /** Default: 0. */
  code?: number
  stdout: RegExp
  /** Default: nothing. */
  stderr?: RegExp
}

const cases: Case[] = [
  { args: ['--version'], stdout: /^0\.1\.0\n$/ },
  { args: ['--help'], stdout: /^Run ComfyUI workflows on FlowScale\./m },
  { args: ['help', 'run'], stdout: /^Usage: flowscale run \[options\] <workflow> \[inputs\.\.\.\]$/m },
  { args: ['nosuch'], code: 2, stdout: /^$/, stderr: /^flowscale: unknown command .nosuch./ },
  { args: ['health'], stdout: /^container +status\ncontainer #1 +idle\n/ },
  { args: ['queue', '--json'], stdout: /^\[\{"container":"container #1"/ },
  { args: ['workflows'], stdout: /^bncu0a1kipv +Text to Image +text_51536=string/m },
  { args: ['workflows', 'Text to Image'], stdout: /^flowscale run bncu0a1kipv text_51536=/m },
  { args: ['runs', '--json'], stdout: /^\[.*\]\n$/ },
  { args: ['get', 'unknown-run'], code: 4, stdout: /^$/, stderr: /^flowscale: .*404/ },
  { args: ['cancel', 'unknown-run', '--json'], code: 4, stdout: /^\{"error":\{"code":"ERR_FLOWSCALE_HTTP"/ },
  {
    args: ['run', 'Text to Image', 'text_51536=a lighthouse', '-o', 'images'],
    stdout: /^images\/\S+\.png\n$/,
    stderr: /^Run \S+ submitted\n$/,
  },
  {
    args: ['run', 'Echo', 'prompt=a', 'seed=x'],
    code: 2,
    stdout: /^$/,
    stderr: /^flowscale: .*seed.* must be a number[^\n]*\n$/,
  },
  { args: ['run', 'Echo', 'image=@no.txt', '--json'], code: 2, stdout: /^\{"error":\{"code":"usage".*\}\n$/ },
  {
    args: ['pull', '--check'],
    code: 1,
    stdout: /^$/,
    stderr: /^flowscale: There is no src\/workflows\.ts: run the same command without --check\.\n$/,
  },
  { args: ['pull'], stdout: /^Wrote \d+ workflows to src\/workflows\.ts\.\n$/ },
  { args: ['pull', '--check'], stdout: /^src\/workflows\.ts is up to date: \d+ workflows\.\n$/ },
  { args: ['completion', 'bash'], stdout: /^complete -F _flowscale flowscale$/m },
]

for (const major of usualNodes) {
  const node = command.on(major)
  early(`Node ${major}: a batch that is killed and started again`, () => batch(node))
  for (const { args, code = 0, stdout, stderr = /^$/ } of cases) {
    test(`Node ${major}: ${args.join(' ')}`, async () => {
      const ended = await node.run(args, pod.env)
      assert.is(ended.code, code, ended.stderr)
      assert.match(ended.stdout, stdout)
      assert.match(ended.stderr, stderr)
    })
  }
  test(`Node ${major}: run with a text and a file, wait and download, in JSON`, () => files(node))
  test(`Node ${major}: Ctrl-C of a run`, () => interrupted(node))
}

/** Runs it in JSON, with nothing on stderr, Node's own warnings neither; gives the last line. */
async function inJson(node: OnNode, ...args: string[]): Promise<any> {
  const { code, stdout, stderr } = await node.run([...args, '--json'], pod.env)
  assert.equal([code, stderr], [0, ''], stdout)
  return JSON.parse(stdout.trimEnd().split('\n').at(-1)!)
}

async function files(node: OnNode): Promise<void> {
  writeFileSync(join(node.cwd, 'cat.txt'), 'meow')
  const given = ['run', 'Echo', 'prompt=a fox', 'image=@cat.txt']
  const isSaved = ([saved, ...more]: { path: string }[]) => {
    assert.equal(more, [])
    assert.is(readFileSync(join(node.cwd, saved!.path), 'utf8'), echoed('a fox meow'))
  }
  const made = await inJson(node, ...given, '-o', 'made')
  isSaved(made.outputs)
  isSaved((await inJson(node, 'download', made.runId, '-o', 'downloaded')).files)
  const { runId } = await inJson(node, ...given, '--detach')
  const { runs } = await inJson(node, 'wait', runId, '-o', 'waited')
  assert.equal([runs.length, runs[0].runId], [1, runId])
  isSaved(runs[0].outputs)
}

async function interrupted(node: OnNode): Promise<void> {
  const { code, stdout, stderr } = await node.run(['run', 'nev3rend5run'], pod.env, (printed) =>
    printed.endsWith('submitted\n') ? 'SIGINT' : undefined,
  )
  assert.equal([code, stdout], [130, ''], stderr)
  const [, runId = ''] = /^Run (\S+) submitted\n/.exec(stderr) ?? []
  assert.match(stderr, `flowscale wait ${runId} -o DIR`)
  assert.is(pod.emulator.stateOf(runId)?.status, 'running')
  assert.is((await node.run(['cancel', runId], pod.env)).code, 0)
}

/** Three rows, and a pod of their own that kills the process as it has started the first run. */
async function batch(node: OnNode): Promise<void> {
  let kill: (() => void) | undefined
  const onRequest = (what: string, isAnswered: boolean) => {
    if (isAnswered && what.startsWith('POST ')) kill?.()
  }
  await withPod(
    {},
    async ({ env, emulator: { ledger } }) => {
      writeFileSync(join(node.cwd, 'rows.csv'), 'prompt\na\nb\nc\n')
      const begin = () => node.run(['batch', 'Echo', 'rows.csv', '-o', 'out', '--concurrency', '1'], env)
      const first = begin()
      kill = () => first.kill('SIGKILL')
      assert.is((await first).signal, 'SIGKILL')
      kill = undefined
      assert.is(ledger.runs.length, 1)
      const { code, stdout, stderr } = await begin()
      assert.equal([code, stdout], [0, '3 of 3 rows are done: see out/results.jsonl.\n'], stderr)
      assert.match(stderr, /^(row [1-3] done: out\/000[1-3]\.txt\n){3}$/)
      assert.is(ledger.runs.length, 3)
      assert.is(new Set(ledger.runs.map(({ groupId }) => groupId)).size, 3)
      for (const [index, prompt] of ['a', 'b', 'c'].entries())
        assert.is(readFileSync(join(node.cwd, `out/000${index + 1}.txt`), 'utf8'), echoed(prompt))
    },
    onRequest,
  )
}

interface Ended {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

interface OnNode {
  /** An empty folder, in which the command runs. */
  readonly cwd: string
  /** Runs the command to its end. `stop` is called with what it has printed, and may give a signal to end it. */
  run(
    args: readonly string[],
    env: Record<string, string>,
    stop?: (printed: string) => NodeJS.Signals | undefined,
  ): Promise<Ended> & { kill(signal: NodeJS.Signals): void }
}

/** Packs and installs it. */
function installCommand(): { on(major: number): OnNode; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'flowscale-command-'))
  writeFileSync(join(folder, 'package.json'), '{ "private": true }')
  install(folder, ...pack(folder, 'client', 'flowscale'))
  const bin = join(folder, 'node_modules/.bin/flowscale')

  return {
    on(major) {
      const cwd = join(folder, `node${major}`)
      mkdirSync(cwd)
      return {
        cwd,
        run(args, env, stop) {
          const child = spawn(nodePath(major), [bin, ...args], {
            cwd,
            env: { PATH: process.env.PATH!, ...env },
          })
          child.stdin.end()
          const printed = { stdout: '', stderr: '' }
          for (const name of ['stdout', 'stderr'] as const) {
            child[name].on('data', (chunk) => {
              printed[name] += chunk
              const signal = stop?.(printed.stdout + printed.stderr)
              if (signal) child.kill(signal)
            })
          }
          const ended = new Promise<Ended>((settle) =>
            child.on('close', (code, signal) => settle({ code, signal, ...printed })),
          )
          return Object.assign(ended, { kill: (signal: NodeJS.Signals) => void child.kill(signal) })
        },
      }
    },
    remove: () => rmSync(folder, { recursive: true }),
  }
}

// `--open` and `--web`, with a program in the place of `xdg-open` that notes what it was given.
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { assert } from '#test'
import { flowscale, hasTerminals } from './kit.ts'
import { onlyRun, type Place, serveOutputs, suiteWithPod } from './runKit.ts'

const suite = suiteWithPod('command open')
const test = hasTerminals ? suite : suite.skip

/** A place whose desktop is a file: each target is a line. */
function withDesktop({ cwd, env }: Pick<Place, 'cwd' | 'env'>) {
  const bin = join(cwd, 'bin')
  mkdirSync(bin)
  writeFileSync(join(bin, 'xdg-open'), `#!/bin/sh\nprintf '%s\\n' "$1" >> '${cwd}/opened'\n`)
  chmodSync(join(bin, 'xdg-open'), 0o755)
  return {
    place: { cwd, env: { ...env, PATH: `${bin}:/usr/bin:/bin` } },
    /** It is started and not waited for. */
    async opened(count: number): Promise<string[]> {
      for (;;) {
        let lines: string[] = []
        try {
          lines = readFileSync(join(cwd, 'opened'), 'utf8').split('\n').slice(0, -1)
        } catch {}
        if (lines.length >= count) return lines.sort()
        await new Promise((settle) => setTimeout(settle, 20))
      }
    },
  }
}

test('run, wait and download show what they saved; without -o, the links', async (context) => {
  const { place, opened } = withDesktop(context)
  const { cwd } = place
  const run = await flowscale(['run', 'Diptych', 'prompt=a', 'prompt=b', '-o', 'out', '--open'], place)
  assert.is(run.code, 0, run.stderr)
  const paths = run.stdout.trim().split('\n')
  assert.equal(
    await opened(2),
    paths.map((path) => join(cwd, path)),
  )
  const runId = onlyRun(context.pod)
  const { stdout } = await flowscale(['wait', runId, '--open'], place)
  const links = stdout.trim().split(/ {2}|\n/)
  assert.equal((await opened(4)).slice(2), [links[1], links[3]].sort())
  await flowscale(['download', runId, '-o', 'again', '--open'], place)
  assert.equal((await opened(6)).filter((line) => line.includes('/again/')).length, 2)
})

test('what may be a program is not opened, nor more than ten', async ({ listen, cwd }) => {
  const names = ['a.png', 'b.exe', 'c.desktop', 'd.html', 'e', 'f.svg']
  const { env, runId } = await serveOutputs(listen, names)
  const { place, opened } = withDesktop({ cwd, env })
  const { code, stderr } = await flowscale(['download', runId, '-o', 'out', '--open'], place)
  assert.is(code, 0)
  assert.equal(await opened(1), [join(cwd, 'out/a.png')])
  assert.is(stderr.match(/ is not opened/g)?.length, 5)
  const many = await serveOutputs(
    listen,
    Array.from({ length: 12 }, (_, index) => `${index}.png`),
  )
  await flowscale(['download', many.runId, '-o', 'many', '--open'], {
    cwd,
    env: { ...place.env, ...many.env },
  })
  assert.is((await opened(11)).length, 11)
})

test('where nothing opens files, a note says so and the run is done', async ({ cwd, env }) => {
  const args = ['run', 'Text Writer', 'prompt=a', '-o', '.', '--open']
  const { code, stdout, stderr } = await flowscale(args, { cwd, env: { ...env, PATH: '/nowhere' } })
  assert.is(code, 0)
  assert.ok(
    stderr.includes(`${join(cwd, stdout.trim())} could not be opened: "xdg-open" is missing.`),
    stderr,
  )
})

test('run and get show the page of a run', async (context) => {
  const { place, opened } = withDesktop(context)
  const { pod } = context
  for (const more of [[], ['--detach']]) {
    const run = await flowscale(['run', 'Text Writer', 'prompt=a', '--web', ...more], place)
    assert.is(run.code, 0, run.stderr)
  }
  const ids = pod.emulator.ledger.runs.map(({ runId }) => runId)
  const pages = ids.map((runId) => `${pod.url}/#workflow=t3xtwr1ter00&run=${runId}`)
  assert.equal(await opened(2), pages.sort())
  await flowscale(['get', ids[0]!, '--web'], place)
  assert.equal((await opened(3)).filter((line) => line.endsWith(ids[0]!)).length, 2)
})

suite('a server without a page starts nothing', async ({ listen, cwd }) => {
  let posts = 0
  const server = await listen((request, response) => {
    if (request.method === 'POST') posts++
    response.statusCode = 404
    response.end('{}')
  })
  const env = { FLOWSCALE_API_URL: server.url }
  const { code } = await flowscale(['run', 'x', 'a=b', '--web'], { cwd, env })
  assert.equal([code, posts], [2, 0])
})

suite('--quiet: results and errors only', async ({ cwd, env }) => {
  const run = await flowscale(['run', 'Text Writer', 'prompt=a', '--quiet'], { cwd, env })
  assert.equal([run.code, run.stderr], [0, ''])
  assert.match(run.stdout, /^filename_prefix_\S+ {2}http\S+\n\S[\s\S]*\n$/)
  const failed = await flowscale(['-q', 'run', 'Always Fails'], { cwd, env })
  assert.is(failed.code, 1)
  assert.match(failed.stderr, /^flowscale: .+\n$/)
})

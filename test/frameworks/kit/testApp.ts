import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { assert, type Test } from '#test'
import { browser } from '../../browser/kit/browser.ts'
import { CANARY } from '../../support/canary.ts'
import { type CheckName, checks, type Place } from './checks.ts'
import { createApp, frameworks, proxyHandler, readDocument } from './createApp.ts'
import { type Pod, type PodName, servePod } from './servePod.ts'
import { type Program, runProgram, type Started, startProgram, toProgram } from './start.ts'

interface App {
  /** What stands before the names of its tests. */
  readonly name: string
  readonly podName: PodName
  /** The checks, which run all at once, each with a visitor of its own. */
  readonly names: readonly CheckName[]
  readonly start: (env: Record<string, string>) => Promise<Started>
}

/** Adds the tests of an app that is built: on a pod of its own, with its own server. */
export function testApp(test: Test, { name, podName, names, start }: App): void {
  let server: Started
  let pod: Pod
  const outcomes = new Map<CheckName, Promise<void>>()

  test(`${name}: a page that signs in by a cookie that scripts can’t read`, async () => {
    pod = await servePod(podName)
    server = await start(pod.env).catch(async (error) => {
      // Else this would go on for ever.
      await pod.close()
      throw error
    })
    const answer = await fetch(server.url)
    assert.is(answer.status, 200)
    assert.match(answer.headers.get('set-cookie')!, /^session=[\w-]{36};.*HttpOnly/i)
    const cookie = `session=${randomUUID()}`
    const again = await fetch(server.url, { headers: { cookie } })
    // With a page out of a cache, two visitors would share a session, or have none.
    // The development server of Next.js leaves a word out.
    for (const { headers } of [answer, again])
      assert.match(headers.get('cache-control')!, /^(private, )?no-store$/)
    const place: Place = { browser, url: server.url, pod }
    for (const each of names) {
      const outcome = checks[each].check(place)
      // Looked at by the test of it.
      outcome.catch(() => {})
      outcomes.set(each, outcome)
    }
  })
  for (const each of names) {
    test(`${name}: ${checks[each].title}`, async () => {
      if (!outcomes.has(each)) throw new Error('the app was not started')
      await outcomes.get(each)
    })
  }
  test(`${name}: the server said nothing amiss`, async () => {
    const output = server.output()
    await server.stop()
    await pod.close()
    assert.not.match(output, CANARY)
    const lines = output.split('\n')
    // Each with its stack.
    const amiss = lines.flatMap((line, at) =>
      /error|warn/i.test(line) ? [lines.slice(at, at + 12).join('\n')] : [],
    )
    const isHarmless = (text: string): boolean =>
      // workerd tells of a visitor that leaves in the middle of a stream.
      /^.*kj\/async-io-unix.*disconnected/.test(text) ||
      // `next dev` reads files that it may be writing, and does not catch what follows.
      (/^.*unhandled ?Rejection: SyntaxError: .*JSON/i.test(text) && !text.includes('@flowscale'))
    assert.equal(
      amiss.filter((text) => !isHarmless(text)),
      [],
    )
  })
}

interface Mount {
  readonly name: string
  /** Of docs/proxy.md. All its blocks are files of the app, and its commands install packages and start it. */
  readonly section: string
  /** Where the app has the handler. Default: `flowscale.mjs`. */
  readonly handler?: string
  /** Files that the section takes for granted. */
  readonly files: Readonly<Record<string, string>>
  /** Commands that build the app, or start it, and are not in the section. */
  readonly commands?: readonly string[]
  readonly checks?: readonly CheckName[]
  /** A program that builds the app, changed for a test. */
  readonly building?: (program: Program) => Program
  /** Before its commands run. */
  readonly prepare?: (app: string) => void
  /** The command that starts the app. Default: the only one. */
  readonly serving?: RegExp
  /** The program that starts the app, changed for a test. */
  readonly starting?: (program: Program, env: Readonly<Record<string, string>>) => Program
  /** The Node for its commands. Default: the one that runs this. */
  readonly node?: string
}

/** Commands that a user stops. */
const isServer = (command: string) =>
  /^(\w+=\S+ )*(node|npx tsx|npx wrangler dev|npx next start|bun|deno)\b/.test(command)

/** Tests an app that mounts the proxy as its section of docs/proxy.md says; gives its folder, and how it is started. */
export function testMount(
  test: Test,
  {
    name,
    section,
    handler = 'flowscale.mjs',
    files,
    commands = [],
    checks,
    prepare,
    serving = /^/,
    building = (program) => program,
    starting = (program) => program,
    node,
  }: Mount,
): { app: string; start: (env: Record<string, string>, app?: string) => Promise<Started> } {
  const { blocks, unnamed, commands: printed } = readDocument('proxy.md', section)
  const app = createApp(name.toLowerCase().replaceAll(' ', '-'), {
    [handler]: proxyHandler,
    ...blocks,
    ...files,
  })
  const installed = printed.filter((command) => command.startsWith('npm install '))
  const others = [...printed, ...commands].filter((command) => !installed.includes(command))
  const builds = others.filter((command) => !isServer(command))
  const serves = others.filter((command) => isServer(command) && serving.test(command))

  test(`${name}: its section of docs/proxy.md names its files and what to install`, () => {
    assert.equal(unnamed, [])
    assert.is(serves.length, 1)
    const { devDependencies } = JSON.parse(readFileSync(join(frameworks, 'package.json'), 'utf8'))
    const known = ['@flowscale/client', ...Object.keys(devDependencies)]
    for (const command of installed)
      for (const word of command.split(' ').slice(2))
        assert.ok(word.startsWith('--') || known.includes(word), `${word} is not among the frameworks`)
  })
  test(`${name}: it is built`, async () => {
    prepare?.(app)
    for (const command of builds) {
      const output = await runProgram(building(toProgram(command, app, node)))
      assert.not.match(output, /\[warn|(warning|error):/i, command)
    }
  })
  const start = (env: Record<string, string>, cwd = app) => {
    const program = starting(toProgram(serves[0]!, cwd, node), env)
    return startProgram({ ...program, env: { PORT: '0', ...program.env, ...env } })
  }
  testApp(test, {
    name,
    podName: 'emulator',
    names: checks ?? ['runAndReload', 'cancel', 'keepApart'],
    start,
  })
  return { app, start }
}

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { assert, type Test } from '#test'
import type { CheckName } from './checks.ts'
import { createApp, frameworks } from './createApp.ts'
import { type Document, readDocument } from './readBlocks.ts'
import { type Program, runProgram, type Started, startProgram } from './start.ts'
import { testApp } from './testApp.ts'
import { toProgram } from './toProgram.ts'

interface Mount {
  readonly name: string
  /** Of docs/. All its blocks make the app, and its commands build and start it. */
  readonly document: string
  /** Files that the document takes for granted. */
  readonly files?: Readonly<Record<string, string>>
  readonly checks?: readonly CheckName[]
  readonly browser: () => Browser
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

/** Tests an app that is built from a document alone; gives its folder, and how it is started. */
export function testMount(
  test: Test,
  {
    name,
    document,
    files,
    checks,
    browser,
    prepare,
    serving = /^/,
    building = (program) => program,
    starting = (program) => program,
    node,
  }: Mount,
): { app: string; page: Document; start: (env: Record<string, string>, app?: string) => Promise<Started> } {
  const page = readDocument(document)
  const app = createApp(name.toLowerCase().replaceAll(' ', '-'), { ...page.blocks, ...files })
  const installed = page.commands.filter((command) => command.startsWith('npm install '))
  const builds = page.commands.filter((command) => !installed.includes(command) && !isServer(command))
  const serves = page.commands.filter((command) => isServer(command) && serving.test(command))

  test(`${name}: ${document} names its files and what to install`, () => {
    assert.equal(page.unnamed, [])
    assert.is(serves.length, 1)
    const { devDependencies } = JSON.parse(readFileSync(join(frameworks, 'package.json'), 'utf8'))
    const known = ['@flowscale/client', ...Object.keys(devDependencies)]
    for (const command of installed)
      for (const word of command.split(' ').slice(2))
        assert.ok(word.startsWith('--') || known.includes(word), `${word} is not among the frameworks`)
  })
  test(`${name}: the commands of ${document} build it`, async () => {
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
    browser,
    start,
  })
  return { app, page, start }
}

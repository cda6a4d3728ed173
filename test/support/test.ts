// What test files import: uvu's `suite` and assertions. Each case and hook also tells the runner how it went, by a line
// of JSON, so that nothing that was declared can stay away unseen.
import { writeSync } from 'node:fs'
import { inspect } from 'node:util'
import * as uvu from 'uvu'
import * as asserts from 'uvu/assert'
import { compare } from 'uvu/diff'
import { assertNoCanary } from './canary.ts'
import { LateError } from './until.ts'

type Run<T> = (context: T) => unknown
interface Hook<T> {
  (run: Run<T>): void
  each(run: Run<T>): void
}
export interface Test<T = any> {
  (name: string, run: Run<T>): void
  before: Hook<T>
  after: Hook<T>
  /** Declares a case that this machine can't run: it counts as failed. */
  skip(name: string, run?: Run<T>): void
}

/** How a case, a hook or something beside them failed. */
export interface Fault {
  message: string
  /** The line of the test file, `file:line`. */
  at?: string
  /** The actual value and the expected one, or the stack. */
  details?: string
  /** Only time is to blame: an event did not come, or a server did not start. */
  isLate?: boolean
}
/** What the runner is told. The number of a case is its place among those declared. */
export type Told =
  | { case: number; suite: string; name: string; isSkipped?: true }
  | { begin: number }
  | { end: number; fault?: Fault }
  | { fault: Fault; place: string }
  | { looks: number }
  | { said: { code: string; text: string }; place: string }

const channel = Number(process.env.TEST_CHANNEL)
const wanted = process.env.TEST_CASE ?? ''
// Not for the processes that tests start.
delete process.env.TEST_CHANNEL
delete process.env.TEST_CASE

export function tell(told: Told): void {
  if (channel) writeSync(channel, `${JSON.stringify(told)}\n`)
}

/** What runs now, for failures that come from beside it. */
let place = 'while the file was read'
let isOver = false
let cases = 0
const suites: (() => void)[] = []

/** Tells of a failure that is no case's own, and that no second run may hide. */
export function tellFault(message: string, error?: unknown): void {
  if (!channel) console.error(message, error ?? '')
  const { isLate: _, ...fault } = error === undefined ? { message: '' } : faultOf(error)
  tell({ fault: { ...fault, message: [message, fault.message].filter(Boolean).join(': ') }, place })
}

/** Ends the process of a file that could not be read to its end. */
export function failToRead(error: unknown): never {
  console.error(error)
  tell({ fault: faultOf(error), place })
  process.exit(1)
}

/** Runs all suites of the file that was imported. */
export function runSuites(): void {
  isOver = true
  for (const run of suites) run()
}

/** uvu's suite. It runs once its file has been read, without a call of `run`. */
export function suite<T = Record<string, any>>(name: string, context?: T): Test<T> {
  const own = uvu.suite<T>(name, context)
  let count = 0
  if (isOver) tellFault(`the suite ${name} was declared too late to run`)
  suites.push(() => {
    if (!count && !wanted) tell({ fault: { message: 'it has no case' }, place: name })
    own.run()
  })
  const hook = (add: (run: uvu.Callback<T>) => void, what: string) => (run: Run<T>) =>
    add(async (given) => {
      place = `${name} > ${what}${given.__test__ && ` "${given.__test__}"`}`
      try {
        await run(given)
      } catch (error) {
        tell({ fault: faultOf(error), place })
        // After a case uvu ends the suite in silence, and after a suite the whole file.
        if (what.startsWith('before')) throw error
        console.error(error)
      }
    })
  const test = (title: string, run: Run<T>) => {
    count++
    if (!title.includes(wanted)) return
    const id = cases++
    tell({ case: id, suite: name, name: title })
    own(title, async (given) => {
      place = `${name} > ${title}`
      tell({ begin: id })
      try {
        await run(given)
        tell({ end: id })
      } catch (thrown) {
        tell({ end: id, fault: faultOf(thrown) })
        // uvu ends the suite in silence where an error has no name.
        throw thrown instanceof Error ? thrown : new Error(`${inspect(thrown)} was thrown`)
      }
    })
  }
  return Object.assign(test, {
    skip: (title: string) => tell({ case: cases++, suite: name, name: title, isSkipped: true }),
    before: Object.assign(hook(own.before, 'before'), { each: hook(own.before.each, 'before each') }),
    after: Object.assign(hook(own.after, 'after'), { each: hook(own.after.each, 'after each') }),
  })
}

/** Counts cases that ran elsewhere, in a browser or by a compiler: how many passed, and what failed. */
export function record(
  suite: string,
  passed: number,
  failed: readonly { name: string; error: string }[],
): void {
  const one = (name: string, fault?: Fault) => {
    const id = cases++
    tell({ case: id, suite, name })
    tell({ end: id, ...(fault && { fault }) })
  }
  for (let count = 1; count <= passed; count++) one(`${count}`)
  for (const { name, error } of failed) {
    console.log(`FAIL ${suite}: ${name}\n  ${error.replaceAll('\n', '\n  ')}`)
    one(name, { message: error })
  }
}

function faultOf(error: unknown): Fault {
  if (!(error instanceof Error)) return { message: `${inspect(error)} was thrown` }
  const { message, stack = '' } = error
  const at = stack
    .split('\n')
    .map((line) => (/^\s+at /.test(line) && line.split(`${process.cwd()}/`)[1]) || '')
    .find((frame) => frame.startsWith('test/') && !frame.startsWith('test/support/test.ts'))
    ?.replace(/:\d+\)?$/, '')
  const { operator = '', actual, expects } = error as Partial<asserts.Assertion>
  const details = !operator
    ? inspect(error)
    : operator.includes('not')
      ? inspect(actual)
      : /^(is|equal)$/.test(operator)
        ? compare(actual, expects)
        : `Actual:   ${inspect(actual)}\nExpected: ${operator} ${inspect(expects)}`
  const isLate = error instanceof LateError || isOfPlaywright(error)
  return { message, ...(at && { at }), details: details.slice(0, 4000), ...(isLate && { isLate }) }
}

/** A time-out of our client or of Node has a code. */
const isOfPlaywright = (error: Error): boolean => error.name === 'TimeoutError' && !('code' in error)

/** uvu's assertions. `ok` keeps the value that it refuses, which uvu's forgets. */
export const assert: typeof asserts = {
  ...asserts,
  ok(value: unknown, message?: asserts.Message): asserts value {
    if (value) return
    try {
      asserts.ok(value, message)
    } catch (error) {
      throw error instanceof asserts.Assertion ? Object.assign(error, { actual: value }) : error
    }
  },
}

type ErrorType<E> = abstract new (...args: any[]) => E

/**
 * The error that a promise rejects with: of this class, with these fields, and without the key. `messages.txt` has to
 * hold its code and its message (`said`).
 */
export async function rejects<E extends Error>(
  promise: Promise<unknown>,
  type: ErrorType<E>,
  fields: object = {},
): Promise<E> {
  let value: unknown
  try {
    value = await promise
  } catch (error) {
    return checkError(error, type, fields)
  }
  throw new Error(`expected a rejection, got ${inspect(value)}`)
}

/** The error that a function throws, checked as `rejects` does. */
export function throws<E extends Error>(run: () => unknown, type: ErrorType<E>, fields: object = {}): E {
  let value: unknown
  try {
    value = run()
  } catch (error) {
    return checkError(error, type, fields)
  }
  throw new Error(`expected an error, got ${inspect(value)}`)
}

function checkError<E extends Error>(error: unknown, type: ErrorType<E>, fields: object): E {
  assertNoCanary(error, 'an error')
  if (!(error instanceof type)) {
    asserts.instance(error, type)
    throw error
  }
  const picked = Object.keys(fields).map((name) => [name, error[name as keyof E]])
  asserts.equal(Object.fromEntries(picked), fields)
  const { code } = error as { code?: unknown }
  said(error.message, typeof code === 'string' ? code : error.name)
  return error
}

/**
 * A text for people, which `test/unit/<package>/messages.txt` has to hold, with its values as placeholders.
 * `npm test -- WORD --messages` writes it there.
 */
export function said(text: string, code = 'no code'): void {
  tell({ said: { code, text }, place })
}

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../../../scripts/lib/ensure.mjs'
import { runFile } from '../../../scripts/test/runFile.ts'
import { type Mutant, mutants } from '../index.ts'
import { inCopies, isCaught, withChange } from './copies.ts'

/** The source with the bug, unless `from` does not stand there once. */
function apply({ file, from, to }: Mutant): string | undefined {
  const parts = readFileSync(join(root, file), 'utf8').split(from)
  return parts.length === 2 ? parts.join(to) : undefined
}

/** Tests the bugs with `pattern` in their names. */
export async function testRows(pattern: string): Promise<void> {
  const rows = Object.entries(mutants).filter(([name]) => name.includes(pattern))
  if (rows.length === 0) throw new Error(`No bug has "${pattern}" in its name`)
  let passed = 0
  let failed = 0
  const say = (good: boolean, line: string) => {
    console.log(`${good ? '✔' : '✖'} ${line}`)
    if (good) passed++
    else failed++
  }
  await inCopies(async (each) => {
    const usualMs = new Map<string, number>()
    // A test that fails without a bug catches none.
    await each(new Set(rows.map(([, { test }]) => test)), async (test, { cwd, transpiled }) => {
      const { failed, output, seconds } = await runFile(transpiled, test, { cwd })
      if (failed) console.log(`${test} fails without a bug:\n${output.slice(-1500)}`)
      else usualMs.set(test, seconds * 1000)
    })
    await each(rows, async ([name, row], copy) => {
      const { bug, file, test } = row
      const text = apply(row)
      if (text === undefined) return say(false, `${name}: \`from\` does not stand once in ${file}`)
      const ms = usualMs.get(test)
      const caught = ms && (await withChange(copy, { file, text }, () => isCaught(copy, test, ms)))
      say(!!caught, `${name}: ${bug}, ${caught ? 'caught' : 'NOT CAUGHT'} by ${test}`)
    })
  })
  console.log(`${passed} passed, ${failed} failed`)
  process.exitCode = failed || !passed ? 1 : 0
}

import { type Copy, inCopies, isCaught, withChange } from './copies.ts'
import { type Bug, makeBugs } from './makeBugs.ts'
import { measureRuns, runsPlace, type TestRun } from './measureRuns.ts'

const packages = ['client', 'gateway']
/** How long the tests of one bug may take. The nearest test runs in any case. */
const mostMs = 40_000

const wordsOf = (path: string): string[] =>
  path.match(/[a-z]+|[A-Z][a-z]*/g)!.map((word) => word.toLowerCase())

/** The tests that run the place of a bug: first those with most words of its path, then those that run least else. */
function nearest(bug: Bug, tests: readonly TestRun[]): TestRun[] {
  const words = new Set(wordsOf(bug.file))
  const nearness = ({ file }: TestRun) => new Set(wordsOf(file).filter((word) => words.has(word))).size
  const reach = ({ sources }: TestRun) => Object.keys(sources).length
  return tests
    .filter((test) => runsPlace(test, bug.file, bug.place))
    .sort((a, b) => nearness(b) - nearness(a) || reach(a) - reach(b))
}

/** Runs the tests of a bug until one fails. Gives those that passed if none did. */
async function passing(bug: Bug, tests: readonly TestRun[], copy: Copy): Promise<string[] | undefined> {
  return await withChange(copy, bug, async () => {
    const passed: string[] = []
    const start = Date.now()
    for (const { file, usualMs } of nearest(bug, tests)) {
      if (passed.length && Date.now() - start + usualMs > mostMs) continue
      if (await isCaught(copy, file, usualMs)) return undefined
      passed.push(file)
    }
    return passed
  })
}

/** Makes random bugs, and prints those that no test catches. */
export async function testRandom(count: number, seed: number): Promise<void> {
  const counts = packages.map((name) => ({ name, caught: 0, passed: 0, unseen: 0 }))
  await inCopies(async (each) => {
    const tests = await measureRuns(each)
    await each(makeBugs(packages, count, seed), async (bug, copy) => {
      const { file, line, place, from, to } = bug
      const own = counts.find(({ name }) => file.startsWith(`packages/${name}/`))!
      const isRun = tests.some((test) => runsPlace(test, file, place))
      const passed = isRun ? await passing(bug, tests, copy) : []
      if (!passed) return void own.caught++
      own[isRun ? 'passed' : 'unseen']++
      const by = isRun ? `not caught by ${passed.join(', ')}` : 'not run by any test'
      console.log(`✖ ${file}:${line}, ${by}\n  - ${from}\n  + ${to}`)
    })
  })
  for (const { name, caught, passed, unseen } of counts) {
    console.log(`${name}: ${caught} caught, ${passed} not caught, ${unseen} not run by any test`)
  }
}

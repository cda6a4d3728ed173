// What errors say stands in `test/unit/<package>/messages.txt`, so that a better sentence changes one file:
//
//   poller/waitForRun.test.ts > waitForRun > a run that fails
//     Run 0a1b failed: out of memory
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import type { Outcome } from './runFile.ts'

/** By file and case, what was said. */
type Said = Map<string, string[]>

function read(path: string): Said {
  const said: Said = new Map()
  if (!existsSync(path)) return said
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    if (line.startsWith('  ')) [...said.values()].at(-1)!.push(line.slice(2))
    else if (line) said.set(line, [])
  }
  return said
}

const fileOf = (place: string) => place.split(' > ')[0]!

/** Compares what a test file said with the record, or writes the record with `write`. `isPart`: not all of its cases ran. */
export function checkMessages(
  outcome: Outcome,
  { write, isPart }: { write: boolean; isPart: boolean },
): void {
  const [, folder, file] = /^(test\/unit\/[^/]+)\/(.+)$/.exec(outcome.name) ?? []
  if (!folder || !file) return
  const path = `${folder}/messages.txt`
  const recorded = read(path)
  // A name may hold line ends and halves of characters.
  const lineOf = (place: string) => Buffer.from(`${file} > ${place}`.replace(/\s*\n\s*/g, ' ')).toString()
  const told: Said = new Map([...outcome.said].map(([place, texts]) => [lineOf(place), texts]))
  if (write) {
    for (const place of recorded.keys()) {
      const isOld = fileOf(place) === file ? !isPart : !existsSync(`${folder}/${fileOf(place)}`)
      if (isOld) recorded.delete(place)
    }
    const all = [...recorded, ...told].sort(([a], [b]) =>
      fileOf(a) < fileOf(b) ? -1 : fileOf(a) > fileOf(b) ? 1 : 0,
    )
    const lines = [...new Map(all)].flatMap(([place, texts]) => [place, ...texts.map((text) => `  ${text}`)])
    writeFileSync(path, `${lines.join('\n')}\n`)
    return
  }
  const places = [...recorded.keys()].filter((place) => fileOf(place) === file && !isPart)
  for (const place of new Set([...places, ...told.keys()])) {
    const [was = [], is = []] = [recorded.get(place), told.get(place)]
    const hasFailed = outcome.failures.some((failure) => lineOf(failure.place) === place)
    if (hasFailed || was.join('\n') === is.join('\n')) continue
    const only = (mark: string, some: string[], others: string[]) =>
      some.filter((text) => !others.includes(text)).map((text) => `${mark} ${text}`)
    outcome.failures.push({
      place: place.slice(file.length + 3),
      message: `${path} has other messages. If these are right: npm test -- ${outcome.name} --messages`,
      details: [...only('-', was, is), ...only('+', is, was)].join('\n') || 'The same ones in another order.',
    })
    outcome.failed++
    if (told.has(place)) outcome.passed--
  }
}

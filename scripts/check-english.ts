// Lists sentences that are too long, and odd words, in the README and the docs or in the files that you name:
// `node --import tsx scripts/check-english.ts [FILE …]`. Exits 1 if there are any.
import { readdirSync, readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { idioms } from './english/idioms.ts'
import { sentences } from './english/sentences.ts'

const maxWords = 30

/** What to change in a Markdown text, each with its line. */
export function findings(markdown: string): { line: number; text: string }[] {
  return sentences(markdown).flatMap(({ line, text }) => {
    // A dash is no word.
    const words = text.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word)).length
    const long = words > maxWords ? [`${words} words: ${text}`] : []
    const odd = idioms.flatMap(([pattern, better]) => {
      const [found] = pattern.exec(text) ?? []
      return found ? [`"${found}" (better: ${better}): ${text}`] : []
    })
    return [...long, ...odd].map((what) => ({ line, text: what }))
  })
}

function main(files: string[]): void {
  let count = 0
  for (const file of files) {
    for (const { line, text } of findings(readFileSync(file, 'utf8'))) {
      count++
      console.error(`${file}:${line}: ${text}`)
    }
  }
  console.log(`${files.length} files, ${count} findings`)
  if (count) process.exitCode = 1
}

function ownFiles(): string[] {
  const docs = readdirSync('docs').filter((file) => file.endsWith('.md'))
  const packages = readdirSync('packages').map((name) => `packages/${name}/README.md`)
  return ['README.md', ...docs.map((file) => `docs/${file}`), ...packages]
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const named = process.argv.slice(2)
  main(named.length ? named : ownFiles())
}

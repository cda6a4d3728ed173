// Lists sentences that are too long, and odd words: in Markdown, and in the doc comments and messages of sources.
// `node --import tsx scripts/check-english.ts [PATH …]` reads the files and folders that you name. Without a path, it reads all
// Markdown and the sources of `ownPaths`. Exits 1 if there are findings.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { idioms } from './english/idioms.ts'
import { listFiles } from './english/listFiles.ts'
import { sentencesOf } from './english/sentencesOf.ts'

const maxWords = 30

/** What to change in a file, each with its line. */
export function findings(file: string, content: string): { line: number; text: string }[] {
  return sentencesOf(file, content).flatMap(({ line, text }) => {
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
    for (const { line, text } of findings(file, readFileSync(file, 'utf8'))) {
      count++
      console.error(`${file}:${line}: ${text}`)
    }
  }
  console.log(`${files.length} files, ${count} findings`)
  if (count) process.exitCode = 1
}

function ownPaths(): string[] {
  const ofRoot = readdirSync('.').filter((name) => name.endsWith('.md'))
  const packages = readdirSync('packages')
    .filter((name) => !name.includes('.'))
    .map((name) => `packages/${name}`)
  const ofPackages = packages.map((folder) => `${folder}/README.md`).filter(existsSync)
  const ofSources = packages.map((folder) => `${folder}/src`)
  const others = ['.changeset', 'docs', 'examples', 'scripts', 'test/comfyui/README.md']
  return [...ofRoot, ...ofPackages, ...ofSources, ...others]
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const named = process.argv.slice(2)
  main((named.length ? named : ownPaths()).flatMap(listFiles))
}

// How big the poller's sources are, and which files of the client import each other, types included: `sources.mjs FOLDER`.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const [folder] = process.argv.slice(2)
const sources = join(folder, 'packages/client/src')
const texts = new Map(
  readdirSync(sources, { recursive: true })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => [file, readFileSync(join(sources, file), 'utf8')]),
)
const imports = new Map(
  [...texts].map(([file, text]) => [
    file,
    [...text.matchAll(/\bfrom '(\.[^']+)'/g)].map(([, from]) => join(file, '..', from)),
  ]),
)
const poller = [...texts].filter(([file]) => file.startsWith('poller'))
const pairs = [...imports].flatMap(([file, others]) =>
  others.filter((other) => file < other && imports.get(other)?.includes(file)).map((other) => [file, other]),
)
const lines = poller.reduce((sum, [, text]) => sum + text.split('\n').length - 1, 0)
console.log(JSON.stringify({ lines, files: poller.length, pairs }))

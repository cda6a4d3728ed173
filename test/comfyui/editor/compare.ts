// Converts each workflow of a folder, and compares it with the `prompt` beside it.
//   node --import tsx test/comfyui/editor/compare.ts FOLDER OBJECT_INFO.json
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { differenceOf } from '../../../packages/gateway/src/comfyui/editor/chooseGraph.ts'
import { type Found, parseJson, readFile } from '../../../packages/gateway/src/comfyui/editor/readFile.ts'
import { type Classes, toGraph } from '../../../packages/gateway/src/comfyui/editor/toGraph.ts'

const [folder = '.', objectInfo = ''] = process.argv.slice(2)
const classes = parseJson(readFileSync(objectInfo, 'utf8')) as Classes
const counts = new Map<string, number>()
const count = (what: string): unknown => counts.set(what, (counts.get(what) ?? 0) + 1)

for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => /\.(png|webp|json)$/.test(name)).sort()) {
  const kind = name.split('.').at(-1)
  let found: Found
  try {
    found = await readFile(readFileSync(join(folder, name)))
  } catch (error) {
    count(`${kind} ${(error as Error).message}`)
    continue
  }
  if (found.workflow === undefined) {
    count(`${kind} without workflow`)
    continue
  }
  const converted = toGraph(found.workflow, classes)
  if ('problems' in converted) {
    count(`${kind} refused`)
    console.log(`refused  ${name}\n    ${converted.problems.join('\n    ')}`)
  } else if (found.prompt === undefined) count(`${kind} converted, without prompt`)
  else {
    const difference = differenceOf(converted.graph, found.prompt as never, classes)
    count(`${kind} ${difference === undefined ? 'equal' : 'different'}`)
    if (difference) console.log(`different ${name}\n    ${difference}`)
    const notes = converted.notes.filter((_note) => process.env.NOTES)
    if (notes.length) console.log(`notes ${name}\n    ${notes.join('\n    ')}`)
  }
}
for (const [what, times] of [...counts].sort()) console.log(`${String(times).padStart(4)} ${what}`)

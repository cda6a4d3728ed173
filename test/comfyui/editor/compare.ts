// Compares the conversion of each workflow in a folder with what is known of it:
//   node --import tsx test/comfyui/editor/compare.ts FOLDER OBJECT_INFO.json [--fuzz COUNT] [--seed NUMBER]
// - the `prompt` that is beside `workflow` in a picture;
// - links and nodes as @comfyorg/litegraph sees them, where `npm install` was run in this folder;
// - with --fuzz, the same for COUNT random changes of the files. A change may be refused, but must not be misread.
// The folder and the answer of a ComfyUI to /object_info are yours: nothing is fetched.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { differenceOf, fillDefaults } from '../../../packages/gateway/src/comfyui/chooseGraph.ts'
import type { Classes } from '../../../packages/gateway/src/comfyui/editor/fields.ts'
import { toGraph } from '../../../packages/gateway/src/comfyui/editor/toGraph.ts'
import { type Content, readContent } from '../../../packages/gateway/src/readContent.ts'
import { parseJson } from '../../../packages/gateway/src/workflowJson.ts'
import { change } from './change.ts'
import { linksOf, loadLitegraph } from './litegraph.ts'

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    fuzz: { type: 'string', default: '0' },
    seed: { type: 'string', default: '1' },
    verbose: { type: 'boolean' },
  },
})
const [folder = '.', objectInfo = ''] = positionals
const classes = parseJson(readFileSync(objectInfo, 'utf8')) as Classes
const litegraph = await loadLitegraph(Object.keys(classes))
const counts = new Map<string, number>()
const count = (what: string): unknown => counts.set(what, (counts.get(what) ?? 0) + 1)
const workflows: { name: string; workflow: unknown }[] = []

for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()) {
  if (!/\.(png|webp|json)$/.test(name)) continue
  const kind = name.split('.').at(-1)
  let found: Content
  try {
    found = await readContent(readFileSync(join(folder, name)))
  } catch (error) {
    count(`${kind}: ${(error as Error).message}`)
    continue
  }
  if (found.workflow === undefined) count(`${kind}: no workflow`)
  else count(`${kind}: ${compare(name, found)}`)
}

function compare(name: string, { workflow, prompt }: Content): string {
  const converted = toGraph(workflow, classes)
  if ('problems' in converted) {
    console.log(`refused   ${name}\n    ${converted.problems.join('\n    ')}`)
    return 'refused'
  }
  workflows.push({ name, workflow })
  const { graph, notes } = converted
  if (flags.verbose) for (const note of notes) console.log(`note      ${name}\n    ${note}`)
  const own = prompt === undefined ? undefined : fillDefaults(prompt, classes)
  const difference = own && ('graph' in own ? differenceOf(graph, own.graph, classes) : own.problems[0])
  const links = litegraph && linkDifference(graph, workflow, notes)
  if (difference ?? links) console.log(`different ${name}\n    ${difference ?? links}`)
  const said =
    own === undefined ? 'no prompt' : difference === undefined ? 'equal to prompt' : 'unequal to prompt'
  return `converted, ${said}${litegraph ? `, links ${links === undefined ? 'equal' : 'unequal'} to litegraph` : ''}`
}

/** The first node or link that litegraph sees otherwise. It also sees the nodes that the conversion left out. */
function linkDifference(
  graph: Record<string, any>,
  workflow: unknown,
  notes: readonly string[],
): string | undefined {
  const theirs = linksOf(litegraph!, workflow)
  const left = new Set(
    notes.flatMap((note) => (note.endsWith('is left out') ? [/^node (\S+)/.exec(note)![1]!] : [])),
  )
  const isLeft = (id: string): boolean => [...left].some((one) => id === one || id.startsWith(`${one}:`))
  // Where the library fails at a node, the conversion has left it out.
  if (typeof theirs === 'string') return left.size > 0 ? undefined : theirs
  for (const id of new Set([...Object.keys(graph), ...theirs.keys()])) {
    if (isLeft(id) || isInsideOff(workflow, id)) continue
    if (!graph[id] || !theirs.has(id)) return `node ${id} is only in ${graph[id] ? 'ours' : 'theirs'}`
    const inputs = Object.entries(graph[id].inputs).filter(([, value]) => Array.isArray(value))
    const ours = new Map(inputs.map(([name, value]) => [name, String(value)]))
    for (const name of new Set([...ours.keys(), ...theirs.get(id)!.keys()])) {
      const their = theirs.get(id)!.get(name)
      if (
        their !== undefined &&
        (isLeft(their.split(',')[0]!) || isInsideOff(workflow, their.split(',')[0]!))
      )
        continue
      if (ours.get(name) !== their)
        return `${name} of node ${id} is ${ours.get(name)}, and ${their} in litegraph`
    }
  }
  return undefined
}

function firstDifference(a: any, b: any): string {
  for (const id of Object.keys({ ...a, ...b })) {
    for (const name of Object.keys({ ...a[id]?.inputs, ...b[id]?.inputs })) {
      const [one, other] = [a, b].map((graph) => JSON.stringify(graph[id]?.inputs[name]))
      if (one !== other) return `${name} of node ${id} (${a[id]?.class_type}) was ${one}, and is ${other}`
    }
  }
  return ''
}

/** Whether a node around this one is muted or bypassed. The library looks at the outermost only. */
function isInsideOff(workflow: any, id: string): boolean {
  const path = id.split(':').slice(0, -1)
  let graph = workflow
  for (const step of path) {
    const node = graph?.nodes.find((one: any) => String(one.id) === step)
    if (node?.mode === 2 || node?.mode === 4) return true
    graph = workflow.definitions?.subgraphs?.find((one: any) => one.id === node?.type)
  }
  return false
}

let state = Number(flags.seed)
/** A number from 0 up to 1: mulberry32. */
const random = (): number => {
  state = (state + 0x6d2b79f5) | 0
  let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
}
for (let round = 0; round < Number(flags.fuzz); round++) {
  const { name, workflow } = workflows[Math.floor(random() * workflows.length)]!
  const { changed, what, where } = change(workflow, random)
  const started = performance.now()
  let converted: ReturnType<typeof toGraph>
  try {
    converted = toGraph(changed, classes)
  } catch (error) {
    console.log(`THROWN by ${what} of ${name}: ${(error as Error).stack}`)
    count(`fuzz, ${what}: thrown`)
    continue
  }
  if (performance.now() - started > 2000) console.log(`SLOW: ${what} of ${name}`)
  if ('problems' in converted) {
    count(`fuzz, ${what}: refused`)
    continue
  }
  const before = toGraph(workflow, classes)
  const isSame = 'graph' in before && JSON.stringify(before.graph) === JSON.stringify(converted.graph)
  const links = litegraph && linkDifference(converted.graph, changed, converted.notes)
  if (links) console.log(`different after ${what} ${where} of ${name}\n    ${links}`)
  const isSilent = 'notes' in before && converted.notes.length <= before.notes.length
  const another = isSilent ? 'another graph without a note' : 'another graph with a note'
  if (flags.verbose && !isSame && isSilent)
    console.log(`silent ${what} of ${name}\n    ${firstDifference((before as any).graph, converted.graph)}`)
  const unequal = links?.startsWith('litegraph: ') ? 'litegraph throws' : 'unequal to litegraph'
  count(`fuzz, ${what}: ${links ? unequal : isSame ? 'the same graph' : another}`)
}
for (const [what, times] of [...counts].sort()) console.log(`${String(times).padStart(5)} ${what}`)

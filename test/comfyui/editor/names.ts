// The names that the inputs of a folder of workflows get: `node --import tsx test/comfyui/editor/names.ts FOLDER OBJECT_INFO.json`.
import { readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { readGraph } from '../../../packages/gateway/src/comfyui/chooseGraph.ts'
import type { Classes } from '../../../packages/gateway/src/comfyui/editor/fields.ts'
import { readWorkflow } from '../../../packages/gateway/src/comfyui/workflows/readWorkflow.ts'
import { readContent } from '../../../packages/gateway/src/readContent.ts'
import { parseJson } from '../../../packages/gateway/src/workflowJson.ts'

const [folder, objectInfo] = process.argv.slice(2) as [string, string]
const classes = parseJson(readFileSync(objectInfo, 'utf8')) as Classes
const readClass = async (type: string) => (Object.hasOwn(classes, type) ? classes[type] : undefined)
const counts = new Map<string, number>()
const count = (what: string): unknown => counts.set(what, (counts.get(what) ?? 0) + 1)

const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
  /\.(png|webp|json)$/.test(file),
)
for (const path of files.sort()) {
  const ending = extname(path)
  try {
    const { prompt, workflow } = await readContent(readFileSync(join(folder, path)))
    const file = { name: path, graph: prompt ?? workflow, ...(prompt !== undefined && { workflow }) }
    const conversion = await readGraph(file, readClass)
    if ('problems' in conversion) throw new Error(conversion.problems[0])
    const { inputs, nodes, missingClasses } = await readWorkflow(
      { name: path, graph: conversion.graph },
      readClass,
      conversion.authored,
    )
    count(`${ending} read`)
    if (inputs.has('prompt')) count(`${ending} with prompt`)
    const named = [...inputs.keys()]
    if (named.every((name) => !/\d/.test(name))) count(`${ending} without numbers`)
    // What the author's title says.
    const swapped = [...inputs.values()].filter(({ name, fields: [place] }) => {
      const title = nodes.get(place!.node)!.title
      return (
        (/negative/i.test(title) && /^prompt/.test(name)) ||
        (/positive/i.test(title) && /^negative/.test(name))
      )
    })
    if (swapped.length > 0) count(`${ending} perhaps swapped`)
    const marks = [swapped.length > 0 && 'SWAPPED?', missingClasses.length > 0 && 'lacks classes'].filter(
      Boolean,
    )
    console.log([path, ...marks, named.join(' ')].join('  '))
  } catch (error) {
    count(`${ending} not read`)
    console.log(`${path}  ${(error as Error).message.slice(0, 100)}`)
  }
}
for (const [what, number] of counts) console.log(`${what}: ${number}`)

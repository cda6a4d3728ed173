// Compares the conversion of each workflow in a folder with the graph that an editor in Chromium makes of it:
//   node --import tsx test/comfyui/editor/browser.ts http://127.0.0.1:8188 FOLDER CHROMIUM
// The ComfyUI at the address serves the editor, for example one of June 2024 by --front-end-root.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { chromium } from 'playwright-core'
import { differenceOf } from '../../../packages/gateway/src/comfyui/chooseGraph.ts'
import { type Classes, defaultOf, fieldsOf } from '../../../packages/gateway/src/comfyui/editor/fields.ts'
import { toGraph } from '../../../packages/gateway/src/comfyui/editor/toGraph.ts'
import type { GraphNode } from '../../../packages/gateway/src/comfyui/workflows/types.ts'
import { type Content, readContent } from '../../../packages/gateway/src/readContent.ts'
import { parseJson } from '../../../packages/gateway/src/workflowJson.ts'

const [address = '', folder = '', executablePath = ''] = process.argv.slice(2)
const classes = parseJson(await (await fetch(`${address}/object_info`)).text()) as Classes
const browser = await chromium.launch({ executablePath })
const page = await browser.newPage()
page.on('dialog', (dialog) => void dialog.dismiss())
await page.goto(address)
await page.waitForFunction(() => (globalThis as any).app?.graph)
const counts = new Map<string, number>()

for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()) {
  if (!/\.(png|webp|json)$/.test(name)) continue
  const found: Content = await readContent(readFileSync(join(folder, name))).catch(() => ({}))
  if (found.workflow === undefined) continue
  const result = await compare(found.workflow as any)
  counts.set(result.split(':')[0]!, (counts.get(result.split(':')[0]!) ?? 0) + 1)
  console.log(`${name}: ${result}`)
}
await browser.close()
for (const [result, count] of counts) console.log(String(count).padStart(5), result)

async function compare(workflow: any): Promise<string> {
  const ours = toGraph(workflow, classes)
  if (workflow.definitions?.subgraphs?.length > 0) return 'has subgraphs'
  const theirs = await page.evaluate(async (file) => {
    const { app } = globalThis as any
    try {
      await app.loadGraphData(file)
      return (await app.graphToPrompt()).output
    } catch (error) {
      return String(error)
    }
  }, workflow)
  if (typeof theirs === 'string') return `theirs fails: ${theirs}`
  if ('problems' in ours) return `refused: ${ours.problems[0]}`
  const filled = Object.entries(ours.graph).map(([id, node]) => [id, fill(node, theirs[id])])
  const difference = differenceOf(Object.fromEntries(filled), theirs, classes)
  if (difference !== undefined) return `different: ${difference}`
  const isSame = differenceOf(ours.graph, theirs, classes) === undefined
  return isSame ? 'equal' : 'equal but for defaults of optional fields, which the conversion does not send'
}

function fill(node: GraphNode, their: GraphNode | undefined): GraphNode {
  const fields = [...fieldsOf(classes[node.class_type] ?? {}, (name) => node.inputs[name])]
  const added = fields.filter(
    ({ kind, required, name }) => kind === 'widget' && !required && !(name in node.inputs),
  )
  const defaults = added.map((field) => [field.name, defaultOf(field)])
  return { ...node, inputs: { ...node.inputs, ...(their && Object.fromEntries(defaults)) } }
}

// The subcommands `inspect` and `convert`, for the authors of workflows.
import { stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Command } from 'commander'
import { clean, cleanJson } from '../clean.ts'
import { createClasses } from '../comfyui/api/classes.ts'
import { type ComfyClient, createComfyClient, LoginRefused, NoAnswer } from '../comfyui/api/client.ts'
import { createCatalog } from '../comfyui/catalog.ts'
import { readGraph } from '../comfyui/chooseGraph.ts'
import { shorten } from '../comfyui/editor/fields.ts'
import { readNodes } from '../comfyui/workflows/readWorkflow.ts'
import { type ComfyWorkflow, keyOf, type NamedInput, partnersOf } from '../comfyui/workflows/types.ts'
import { readWorkflowFile, readWorkflows } from '../node/readWorkflows.ts'
import { type GatewayFlags, headerOption, localComfyui, toAddress } from './flags.ts'

/** Adds `inspect PATH` and `convert FILE` to the command of the gateway. */
export function addInspect(program: Command): void {
  program
    .command('inspect <path>')
    .description(
      'print the inputs and outputs of a workflow, and the source of each name; for a folder, of each workflow in it',
    )
    .option('--comfyui <url>', 'your ComfyUI', toAddress, localComfyui)
    .addOption(headerOption())
    .option('--write', 'save the names as NAME.flowscale.json in the same folder, for you to edit')
    .option(
      '--missing',
      'print the missing models whose addresses the file has: FOLDER/NAME, a tab and the URL on each line',
    )
    .action(inspect)
  program
    .command('convert <file>')
    .description(
      'print a workflow in the API format: from a file that ComfyUI saved, or a picture or video that it made',
    )
    .option('--comfyui <url>', 'your ComfyUI', toAddress, localComfyui)
    .addOption(headerOption())
    .action(convert)
}

interface InspectFlags extends Pick<GatewayFlags, 'header'> {
  readonly comfyui: string
  readonly write?: true
  readonly missing?: true
}

const clientOf = ({ comfyui, header }: InspectFlags): ComfyClient =>
  createComfyClient(comfyui, { headers: header })

async function convert(path: string, flags: InspectFlags): Promise<void> {
  const file = await readWorkflowFile(path)
  const client = clientOf(flags)
  const conversion = await orExplain(client, readGraph(file, createClasses(client)()))
  const lines = 'problems' in conversion ? conversion.problems : conversion.notes
  for (const line of lines) process.stderr.write(`${clean(line)}\n`)
  if ('problems' in conversion) throw new Error(`${path} can't be converted, for the reasons above`)
  readNodes(path, conversion.graph)
  process.stdout.write(`${cleanJson(JSON.stringify(conversion.graph, null, 2))}\n`)
}

async function inspect(path: string, flags: InspectFlags): Promise<void> {
  const isFolder = (await stat(path).catch(() => undefined))?.isDirectory()
  const files = isFolder ? await readWorkflows(path) : [await readWorkflowFile(path)]
  if (files.length === 0) throw new Error(`${path} has no workflow: save one from ComfyUI into the folder`)
  const client = clientOf(flags)
  const newReader = createClasses(client)
  const noLog = (): void => {}
  const read: ComfyWorkflow[] = []
  for (const file of files) {
    const catalog = createCatalog(newReader, async () => [file], noLog)
    const [{ workflow, problem } = {}] = await orExplain(client, catalog.read())
    if (!workflow) {
      if (!isFolder) throw new Error(problem)
      process.stderr.write(`${clean(`${problem}`)}\n`)
      continue
    }
    read.push(workflow)
    if (flags.missing) continue
    process.stdout.write(`${read.length > 1 ? '\n' : ''}${describeWorkflow(workflow)}`)
    // For a folder, sidecars that exist stay as they are.
    if (flags.write && !(isFolder && file.sidecar !== undefined))
      await writeSidecar(join(isFolder ? path : dirname(path), `${file.name}.flowscale.json`), workflow)
  }
  if (flags.missing) printMissing(read)
  const unread = files.length - read.length
  if (unread > 0)
    throw new Error(`${unread} of ${files.length} files in ${path} can't be used, for the reasons above`)
}

async function writeSidecar(to: string, workflow: ComfyWorkflow): Promise<void> {
  try {
    await writeFile(to, `${JSON.stringify(sidecarOf(workflow), null, 2)}\n`, { flag: 'wx' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    throw new Error(`${to} already exists, and may hold your edits. Remove the file to write a new one.`)
  }
  process.stdout.write(`\nWritten to ${clean(to)}\n`)
}

function printMissing(workflows: readonly ComfyWorkflow[]): void {
  const missingChoices = workflows.flatMap((workflow) => workflow.missingChoices)
  const lines = missingChoices.flatMap(({ model }) => (model ? `${model.path}\t${model.url}\n` : []))
  process.stdout.write([...new Set(lines)].join(''))
  for (const { message, model } of missingChoices) if (!model) process.stderr.write(`${clean(message)}\n`)
}

async function orExplain<T>({ url }: ComfyClient, work: Promise<T>): Promise<T> {
  return await work.catch((error) => {
    if (!(error instanceof NoAnswer)) throw error
    if (error instanceof LoginRefused) throw new Error(`${url} refuses the login. Give it by --header.`)
    if (/^status 4/.test(error.why))
      throw new Error(`${url} is not ComfyUI (${error.why}). Pass the address of ComfyUI by --comfyui.`)
    throw new Error(`${url} does not answer (${error.why}). Start ComfyUI, or pass its address by --comfyui.`)
  })
}

const MOST_OPTIONS = 8
const LONGEST_TEXT = 40

/**
 * The output of `inspect`: inputs and outputs with the reasons for their names, missing classes and choices, notes, and
 * what is left out.
 */
export function describeWorkflow(workflow: ComfyWorkflow): string {
  const { listing, nodes, inputs, outputs, missingClasses, missingChoices } = workflow
  const nodeOf = (id: string): string => `node ${id} ${JSON.stringify(nodes.get(id)!.title)}`
  const inputRows = [...inputs].map(([name, input]) => [
    name,
    input.array ? `${input.kind} list` : input.kind,
    limitsOf(input),
    input.fields.map(({ node, field }) => `${nodeOf(node)}, ${field}`).join('; '),
    input.why,
  ])
  const outputRows = [...outputs].map(([name, { kind, node, why }]) => [name, kind, nodeOf(node), why])
  const classRows = missingClasses.map(({ classType, node }) => [classType, nodeOf(node)])
  const partnerRows = partnersOf(workflow).map(({ id, node }) => [node.class_type, nodeOf(id)])
  const choices = missingChoices.map(({ message }) => message)
  return [
    clean(listing.name === listing.id ? listing.id : `${listing.id} (${listing.name})`),
    ...(listing.description ? [clean(listing.description)] : []),
    ...section('Inputs', inputRows),
    ...section('Outputs', outputRows),
    ...sectionIfAny('Node classes that the server does not have', classRows),
    ...sectionIfAny('Nodes of partners, which need a key: --comfy-key of the gateway', partnerRows),
    ...sectionIfAny('Choices that the server does not have', choices),
    ...sectionIfAny('Notes', workflow.notes),
    ...sectionIfAny('Left out; a sidecar can name them', leftOutOf(workflow)),
    '',
  ].join('\n')
}

/** A row of one cell, or of several. */
type Row = string | readonly string[]

const sectionIfAny = (title: string, rows: readonly Row[]): string[] =>
  rows.length > 0 ? section(title, rows) : []

function section(title: string, found: readonly Row[]): string[] {
  const rows = found.map((row) => [row].flat().map(clean))
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  const lines = rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column]!)).join('  '))
  return ['', title, ...(rows.length > 0 ? lines : ['none']).map((line) => `  ${line}`.trimEnd())]
}

function limitsOf({ required, seed, default: value, min, max, options }: NamedInput): string {
  const first = options?.slice(0, MOST_OPTIONS).join(', ')
  const more = options && options.length > MOST_OPTIONS ? `… (${options.length})` : ''
  return [
    required
      ? 'required'
      : seed
        ? 'drawn'
        : value === undefined
          ? 'optional'
          : `default ${shorten(value, LONGEST_TEXT)}`,
    min === undefined || seed ? '' : `from ${min}`,
    max === undefined || seed ? '' : `to ${max}`,
    options ? `one of ${first}${more}` : '',
  ]
    .filter(Boolean)
    .join(' ')
}

/** A line for each field that is no input, and each save node that is no output. */
function leftOutOf({ nodes, inputs, outputs }: ComfyWorkflow): string[] {
  const inputFields = new Set([...inputs.values()].flatMap(({ fields }) => fields.map(keyOf)))
  const outputNodes = new Set([...outputs.values()].map(({ node }) => node))
  return [...nodes.values()].flatMap(({ id, node, title, info, fields, links }) => {
    const names = [...fields.keys()].filter((name) => name !== 'filename_prefix' && name !== 'label')
    const free = names.filter(
      (name) => !links.has(name) && !inputFields.has(keyOf({ node: id, field: name })),
    )
    const linked = names.filter((name) => links.has(name))
    const isSilent = info?.output_node === true && !outputNodes.has(id)
    const notes = [
      ...(free.length > 0 ? [`${free.join(', ')}: no rule names ${free.length > 1 ? 'them' : 'it'}`] : []),
      ...linked.map((name) => `${name}: comes from node ${links.get(name)}`),
      ...(isSilent ? ['no output of the workflow'] : []),
    ]
    return notes.map((note) => `node ${id} ${JSON.stringify(title)} (${node.class_type}): ${note}`)
  })
}

/**
 * The sidecar that names the same inputs and outputs. It has no lists of choices and no ranges of seeds, since these
 * belong to the server and change with it.
 */
export function sidecarOf({ listing, inputs, outputs }: ComfyWorkflow): Record<string, unknown> {
  const entries = [...inputs].map(([name, input]) => {
    const { fields, kind, required, seed, default: value, description } = input
    const range = seed ? {} : { min: input.min, max: input.max }
    const [first, ...more] = fields.map(({ node, field }) => ({ node, input: field }))
    const places = more.length > 0 ? { fields: [first, ...more] } : first
    return [name, { ...places, kind, required, default: value, ...range, description }]
  })
  const { id, name, description } = listing
  const nodes = [...outputs].map(([key, { node }]) => [key, { node }])
  return { id, name, description, inputs: Object.fromEntries(entries), outputs: Object.fromEntries(nodes) }
}

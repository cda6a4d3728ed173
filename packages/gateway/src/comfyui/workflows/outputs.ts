// Finds the outputs of a workflow, and names them.
import { FILE_KINDS, type Kind } from '../../engine.ts'
import { countOf } from './names.ts'
import { cleanName, titleOf } from './titles.ts'
import { type KnownNode, type NamedOutput, type Nodes, specOf } from './types.ts'

/**
 * The outputs that a workflow has without a sidecar: each node that saves files is one. If none does, the nodes that show
 * a text, a picture, a sound or a model count.
 */
export function findOutputs(nodes: Nodes): NamedOutput[] {
  const all = [...nodes.values()]
  const saving = all.filter(isSaving).flatMap((known) => makeOutput(known) ?? [])
  return saving.length > 0 ? saving : all.flatMap((known) => makeOutput(known) ?? [])
}

/** Leaves the id out of a name that is a kind and an id, where no other output is of this kind. */
export function shortNames(outputs: readonly NamedOutput[], nodes: Nodes): NamedOutput[] {
  const kinds = outputs.map(({ name, node }) => {
    const [, kind = '', id] = UNTITLED.exec(name) ?? []
    return id === cleanName(node) && !nodes.get(node)!.node.class_type.startsWith('FS') ? kind : name
  })
  const counts = countOf(kinds)
  return outputs.map((output, index) =>
    counts.get(kinds[index]!) === 1 ? { ...output, name: kinds[index]! } : output,
  )
}

const UNTITLED = new RegExp(`^(text|${FILE_KINDS.join('|')})_(.+)$`, 'u')

const isSaving = ({ fields }: KnownNode): boolean => fields.has('filename_prefix')

/** The output that a node can be: one that saves a file, or shows something. */
export function makeOutput(known: KnownNode): NamedOutput | undefined {
  const { class_type } = known.node
  const kind = outputKind(known)
  const isShown = savedAs.has(class_type) || shown.has(class_type) || kind === 'string'
  if (!kind || !(isSaving(known) || isShown)) return undefined
  const title = cleanName(titleOf(known))
  const isText = kind === 'string' || class_type === 'FSSaveText'
  const isFlowScale = class_type.startsWith('FSSave')
  const unnamed = isFlowScale || !isSaving(known) ? class_type : 'save node'
  return {
    name: title || `${isText ? 'text' : kind}_${cleanName(known.id)}`,
    kind,
    node: known.id,
    why: !title ? unnamed : isFlowScale ? `label of ${class_type}` : 'title',
  }
}

/** The node that saves what a preview shows: ComfyUI empties the folder of previews when it starts. */
export const savedAs: ReadonlyMap<string, string> = new Map([
  ['PreviewImage', 'SaveImage'],
  ['PreviewAudio', 'SaveAudio'],
])

/** The previews that no node saves. Their files are in the answer of ComfyUI. */
const shown = new Map<string, Kind>([
  ['MaskPreview', 'image'],
  ['Preview3D', 'file'],
  ['Preview3DAnimation', 'file'],
  ['Preview3DAdvanced', 'file'],
  ['PreviewGaussianSplat', 'file'],
  ['PreviewPointCloud', 'file'],
])

/** Whether a node shows a text that it gets by a link, as PreviewAny does, and saves no file. */
function showsText(known: KnownNode): boolean {
  const { links, info } = known
  const isMedia = typesOf(known).some((type) => /^(IMAGE|MASK|VIDEO|AUDIO)$/.test(type))
  if (info?.output_node !== true || isSaving(known) || isMedia) return false
  return [...links.keys()].some((name) => /^(STRING|\*)$/.test(String(specOf(info, name)[0])))
}

/** The types of a node's inputs, without lists of choices. */
function typesOf({ info }: KnownNode): string[] {
  const specs = Object.values({ ...info?.input?.required, ...info?.input?.optional })
  return specs.flatMap((spec) => (typeof Object(spec)[0] === 'string' ? Object(spec)[0].split(',') : []))
}

/** ComfyUI writes files of these types, and shows them in no answer. */
const SILENT = ['MODEL', 'CLIP', 'VAE', 'CLIP_VISION', 'CONTROL_NET', 'LORA_MODEL']

/** The kind of a node's result, or `undefined` if the server does not show it. */
export function outputKind(known: KnownNode): Kind | undefined {
  const { class_type } = known.node
  const { info, links } = known
  // A preview without a link shows what ComfyUI has, not what the run made.
  const isLinked = ['mask', 'model_file', 'model_3d'].some((name) => links.has(name))
  if (shown.has(class_type)) return isLinked ? shown.get(class_type) : undefined
  if (!savedAs.has(class_type) && showsText(known)) return 'string'
  if (class_type === 'FSSaveInteger' || info?.output_node === false) return undefined
  if (/video|webm|mp4/i.test(class_type)) return 'video'
  if (/audio/i.test(class_type)) return 'audio'
  const types = typesOf(known)
  if (types.some((type) => SILENT.includes(type))) return undefined
  if (types.includes('IMAGE') || types.includes('MASK')) return 'image'
  if (types.includes('VIDEO')) return 'video'
  return types.includes('AUDIO') ? 'audio' : 'file'
}

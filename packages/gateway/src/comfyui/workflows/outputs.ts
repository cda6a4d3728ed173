import type { Kind } from '../../engine.ts'
import { cleanName, titleOf } from './titles.ts'
import { type KnownNode, type NamedOutput, specOf } from './types.ts'

/**
 * The outputs that a workflow has without a sidecar: each node that saves files is one. If none does, the nodes count that
 * show a text, a picture or a sound.
 */
export function findOutputs(nodes: ReadonlyMap<string, KnownNode>): NamedOutput[] {
  const all = [...nodes.values()]
  const saved = all.flatMap((known) => findSaved(known) ?? [])
  return saved.length > 0 ? saved : all.flatMap((known) => findShown(known) ?? [])
}

/** The output that a node can be. */
export const makeOutput = (known: KnownNode): NamedOutput | undefined => findSaved(known) ?? findShown(known)

function findShown(known: KnownNode): NamedOutput | undefined {
  const { class_type } = known.node
  const kind = savedAs.has(class_type) ? outputKind(known) : showsText(known) ? 'string' : undefined
  const author = cleanName(titleOf(known))
  const word = kind === 'string' ? 'text' : kind
  const name = author || `${word}_${cleanName(known.id)}`
  return kind && { name, kind, node: known.id, why: author ? 'title' : class_type }
}

/** The node that saves what a preview shows: ComfyUI empties the folder of previews when it starts. */
export const savedAs: ReadonlyMap<string, string> = new Map([
  ['PreviewImage', 'SaveImage'],
  ['PreviewAudio', 'SaveAudio'],
])

/** Whether a node shows a text that it gets by a link, as PreviewAny does, and saves no file. */
function showsText({ fields, links, info }: KnownNode): boolean {
  const types = Object.keys({ ...info?.input?.required, ...info?.input?.optional }).map(
    (name) => specOf(info, name)[0],
  )
  const isMedia = types.some((type) => /\b(IMAGE|MASK|VIDEO|AUDIO)\b/.test(String(type)))
  if (info?.output_node !== true || fields.has('filename_prefix') || isMedia) return false
  return [...links.keys()].some((name) => /^(STRING|\*)$/.test(String(specOf(info, name)[0])))
}

function findSaved(known: KnownNode): NamedOutput | undefined {
  const kind = outputKind(known)
  if (!kind || !known.fields.has('filename_prefix')) return undefined
  const { class_type } = known.node
  const author = cleanName(titleOf(known))
  const word = class_type === 'FSSaveText' ? 'text' : kind
  const name = author || `${word}_${cleanName(known.id)}`
  const isFlowScale = class_type.startsWith('FSSave')
  const [named, unnamed] = isFlowScale ? [`label of ${class_type}`, class_type] : ['title', 'save node']
  return { name, kind, node: known.id, why: author ? named : unnamed }
}

/** ComfyUI writes files of these types, and shows them in no answer. */
const SILENT = ['MODEL', 'CLIP', 'VAE', 'CLIP_VISION', 'CONTROL_NET', 'LORA_MODEL']

/** The kind of a node's result, or `undefined` if the server does not show it. */
export function outputKind(known: KnownNode): Kind | undefined {
  const { class_type } = known.node
  const { info } = known
  if (!savedAs.has(class_type) && showsText(known)) return 'string'
  if (class_type === 'FSSaveInteger' || info?.output_node === false) return undefined
  if (/video|webm|mp4/i.test(class_type)) return 'video'
  if (/audio/i.test(class_type)) return 'audio'
  const specs = Object.values({ ...info?.input?.required, ...info?.input?.optional })
  const types = specs.flatMap((spec) => (Array.isArray(spec) ? String(spec[0]).split(',') : []))
  if (types.some((type) => SILENT.includes(type))) return undefined
  if (types.includes('IMAGE') || types.includes('MASK')) return 'image'
  if (types.includes('VIDEO')) return 'video'
  return types.includes('AUDIO') ? 'audio' : 'file'
}

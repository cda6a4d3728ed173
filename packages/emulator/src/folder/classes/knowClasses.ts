import type { ClassInfo } from '@flowscale/gateway/node'
import { bareClasses } from './bareClasses.ts'
import { coreClasses } from './coreClasses.ts'
import { extraClasses } from './extraClasses.ts'
import { filmClasses } from './filmClasses.ts'
import { packClasses } from './packClasses.ts'

const tables = [coreClasses, extraClasses, filmClasses, packClasses, bareClasses]
let known: Map<string, ClassInfo> | undefined

/**
 * The parts of ComfyUI's own node classes in `/object_info` that the reading of workflows needs. A line of
 * the table is `class|name in the editor, if another|outputs|fields`, and a `!` before the outputs marks a node that
 * saves. A field is `name type`, with its default, least and largest value; `TEXT` has several lines, `LINK` is set by a
 * link alone, and a list of words are choices. The choices of a `COMBO` come from a server: models, samplers, files.
 */
export function knowClasses(): ReadonlyMap<string, ClassInfo> {
  known ??= new Map(tables.join('').split('\n').filter(Boolean).map(parseLine))
  return known
}

function parseLine(line: string): [string, ClassInfo] {
  const [classType = '', name, outputs = '', fields = ''] = line.split('|')
  const specs = fields.split('; ').filter(Boolean).map(parseField)
  const types = outputs.replace('!', '')
  const info = {
    display_name: name || classType,
    input: { required: Object.fromEntries(specs) },
    output: types === '' ? [] : types.split(','),
    output_node: outputs.startsWith('!'),
  }
  return [classType, info]
}

function parseField(text: string): [string, unknown[]] {
  const [name = '', type = '', ...values] = text.split(' ')
  const [preset, min, max] = values.map((value) => (value === '-' ? undefined : JSON.parse(value)))
  const limits = { default: preset, min, max }
  if (type === 'TEXT') return [name, ['STRING', { multiline: true }]]
  if (type === 'LINK') return [name, ['STRING', { forceInput: true }]]
  if (type.endsWith('_upload')) return [name, ['COMBO', { [type]: true }]]
  if (/^[a-z]/.test(type)) return [name, ['COMBO', { options: type.split(',') }]]
  return [name, [type, limits]]
}

import { outputName } from '../../engines/comfyui/runs/showRun.ts'
import type { History } from '../../engines/comfyui/server/readHistory.ts'
import type { StoredOutput, Submitted } from '../runRecord.ts'

type Place = NonNullable<StoredOutput['at']>

/** The files of each promised output, and the first node that wrote none. */
export function collectFiles(
  run: Submitted,
  outputs: History['outputs'],
): { files: StoredOutput[]; missing?: string } {
  const files: StoredOutput[] = []
  let missing: string | undefined
  for (const { name, node } of run.outputs) {
    const output = outputs[node] ?? {}
    const found = findFiles(output)
    const texts = found.length > 0 ? [] : [output.text].flat(2).filter((text) => typeof text === 'string')
    if (found.length + texts.length === 0) missing ??= node
    const full = (index: number, extension: string): string =>
      `${outputName(run, name)}${index > 0 ? `_${index + 1}` : ''}.${extension}`
    found.forEach((at, index) => void files.push({ name: full(index, extensionOf(at.filename)), at }))
    texts.forEach((text, index) => void files.push({ name: full(index, 'txt'), text }))
  }
  return { files, ...(missing !== undefined && { missing }) }
}

/** Whatever key a node uses: an output is an object with a file name. A preview counts where there is nothing else. */
function findFiles(output: Readonly<Record<string, unknown>>): Place[] {
  const places = new Map<string, Place>()
  for (const item of Object.values(output).flat(2)) {
    const { filename, subfolder = '', type = 'output' } = (item ?? {}) as Record<string, unknown>
    if (typeof filename !== 'string' || typeof subfolder !== 'string' || typeof type !== 'string') continue
    // ComfyUI looks for the last part of a file's name alone.
    const path = `${subfolder}/${filename}`.split('/').filter((part) => part !== '')
    places.set(`${type}/${path.join('/')}`, { filename: path.pop() ?? '', subfolder: path.join('/'), type })
  }
  const results = [...places.values()].filter(({ type }) => type === 'output')
  return results.length > 0 ? results : [...places.values()].filter(({ type }) => type === 'temp')
}

function extensionOf(filename: string): string {
  return /\.([A-Za-z0-9]{1,8})$/.exec(filename)?.[1]?.toLowerCase() ?? 'bin'
}

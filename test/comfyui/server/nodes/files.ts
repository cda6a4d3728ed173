import { mkdirSync, readdirSync, statSync } from 'node:fs'
import { dirname, join, posix, sep } from 'node:path'
import { PythonError } from '../python.ts'
import type { Life } from '../types.ts'

/** The names of the files directly in `input/` with one of the endings, in order. */
export function inputFiles({ folder }: Life, endings: readonly string[]): string[] {
  return readdirSync(join(folder, 'input'), { withFileTypes: true })
    .filter((entry) => entry.isFile() && endings.includes(entry.name.split('.').at(-1)!.toLowerCase()))
    .map(({ name }) => name)
    .sort()
}

/** `name [output]` is a file of `output/`; without such a mark, one of `input/`. */
export function annotatedPath({ folder }: Life, value: string): string {
  const [, name = value, place = 'input'] = /^(.*) \[(input|output|temp)\]$/.exec(value) ?? []
  return join(folder, place, name)
}

export function isFile(path: string): boolean {
  try {
    return statSync(path).isFile()
  } catch {
    return false
  }
}

/** The check of a class that its input names a file. */
export const isThere =
  (input: string, kind: string = input) =>
  (inputs: Record<string, string>, life: Life): string | undefined =>
    isFile(annotatedPath(life, inputs[input]!))
      ? undefined
      : `${input} - Invalid ${kind} file: ${inputs[input]}`

export interface Place {
  folder: string
  subfolder: string
  stem: string
  /** One more than the highest there is. */
  counter: number
}

/** Where a save node writes: a prefix may have folders in it. */
export function savePlace(life: Life, prefix: string, type: 'output' | 'temp'): Place {
  const root = join(life.folder, type)
  const subfolder = posix.dirname(posix.normalize(prefix)).replace(/^\.$/, '')
  const stem = posix.basename(prefix)
  const folder = join(root, subfolder)
  if (folder !== root && !folder.startsWith(root + sep)) {
    throw new PythonError('Exception', 'Saving image outside the output folder is not allowed.')
  }
  mkdirSync(folder, { recursive: true })
  let counter = 1
  for (const name of readdirSync(folder)) {
    if (!name.startsWith(`${stem}_`)) continue
    const [, digits] = /^(\d+)_/.exec(name.slice(stem.length + 1)) ?? []
    if (digits) counter = Math.max(counter, Number(digits) + 1)
  }
  return { folder, subfolder, stem, counter }
}

export const fiveDigits = (counter: number): string => String(counter).padStart(5, '0')

/** As the nodes of FlowScale name their files: six random digits, no folder. */
export function randomPath(life: Life, prefix: string, ending: string): { name: string; path: string } {
  const digits = String(Math.floor(Math.random() * 1e6)).padStart(6, '0')
  const name = `${prefix}_${digits}.${ending}`
  const path = join(life.folder, 'output', name)
  if (!isFolder(dirname(path))) {
    throw new PythonError('FileNotFoundError', `[Errno 2] No such file or directory: '${path}'`)
  }
  return { name, path }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch {
    return false
  }
}

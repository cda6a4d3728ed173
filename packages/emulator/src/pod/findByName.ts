import type { Pod, Run } from './types.ts'

/** The run of a file by its name, with or without extension, and the file's whole name once it is there. */
export function findByName(pod: Pod, filename: string): { run: Run; file: string | undefined } | undefined {
  const bare = filename.replace(/\.[A-Za-z0-9]+$/, '')
  // Of several files of an output, all but the first have a number.
  const first = bare.replace(/_\d+$/, '')
  const found = pod.byOutput.get(filename) ?? pod.byOutput.get(bare) ?? pod.byOutput.get(first)
  if (!found) return undefined
  const { run, output } = found
  // What the extension is, shows only when the file is there.
  if (output.files.length === 0) return { run, file: undefined }
  const names = output.files.map((file) => file.filename)
  const file = names.find((name) => name === filename || name.replace(/\.[A-Za-z0-9]+$/, '') === filename)
  return file === undefined ? undefined : { run, file }
}

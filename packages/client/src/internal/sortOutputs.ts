import type { ResultOutput } from '../types.ts'

/**
 * Puts each output under its name: the longest one that its file is named, or starts with, followed by `_`, `.` or `-`.
 * With one name all are its. `odd` are the files that fit none.
 */
export function sortOutputs(
  outputNames: readonly string[],
  all: readonly ResultOutput[],
): { outputs: Record<string, ResultOutput[]>; odd: string[] } {
  const names = [...outputNames].sort((a, b) => b.length - a.length)
  // Each name is a field of its own, `__proto__`, too.
  const outputs: Record<string, ResultOutput[]> = Object.fromEntries(outputNames.map((name) => [name, []]))
  const odd: string[] = []
  for (const output of all) {
    const { filename } = output
    const name = names.find(
      (name) => !names[1] || (filename.startsWith(name) && '_.-'.includes(filename[name.length] ?? '_')),
    )
    if (name) outputs[name]!.push(output)
    else odd.push(filename)
  }
  return { outputs, odd }
}

import { structuredPatch } from 'diff'

const most = 20

/** What `pull` would change, as a short unified diff. */
export function toDiff(path: string, before: string, after: string): string {
  const patch = structuredPatch(path, path, before, after, undefined, undefined, {
    context: 1,
    maxEditLength: 2000,
  })
  if (!patch) return ''
  const lines = patch.hunks.flatMap(({ oldStart, oldLines, newStart, newLines, lines }) => [
    `@@ -${oldStart},${oldLines} +${newStart},${newLines} @@`,
    ...lines,
  ])
  const left = lines.length - most
  const shown = left > 1 ? [...lines.slice(0, most), `… ${left} more lines`] : lines
  return [`--- ${path}`, `+++ ${path} as the server has it`, ...shown].join('\n')
}

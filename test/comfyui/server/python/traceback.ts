import type { Life } from '../types.ts'

/** Lines of a traceback, with the absolute paths that a real one has. */
export const traceback = ({ folder }: Life, lines: readonly string[]): string[] =>
  lines.map((line) =>
    line
      .replace('<server>', `${folder}/comfyui`)
      .replace('<python>', '/usr/lib/python3.13')
      .replace('<base>', folder),
  )

/** A line of ComfyUI's own, whose code is not shown. */
export const serverLine = (line: number, name: string): string =>
  `  File "<server>/execution.py", line ${line}, in ${name}\n    …\n`

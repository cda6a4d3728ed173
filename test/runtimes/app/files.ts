// Node, Deno and Bun: `files.mjs API FILES PART`. Plays the cases of files in `work`, a line of JSON each.
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { diskCases } from '../../unit/client/node/diskCases.ts'
import { inputCases, largeCases } from '../../unit/client/node/inputCases.ts'
import type { Case, Lab } from '../../unit/client/node/kit.ts'
import { saveCases } from '../../unit/client/node/saveCases.ts'

const { Deno, Bun } = globalThis as { Deno?: unknown; Bun?: unknown }
const [, , api = '', files = '', part = ''] = process.argv
const parts: Record<string, Record<string, Case>> = {
  cases: { ...inputCases, ...saveCases },
  large: largeCases,
  disk: diskCases,
}
const say = (line: Record<string, string>) => console.log(JSON.stringify(line))

for (const [name, run] of Object.entries(parts[part]!)) {
  const folder = join(process.cwd(), 'work', part)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  let skipped = ''
  const lab: Lab = {
    api,
    files,
    folder,
    runtime: Deno ? 'Deno' : Bun ? 'Bun' : 'Node',
    node: Deno || Bun ? 0 : Number.parseInt(process.versions.node, 10),
    skip(reason) {
      skipped = reason
    },
    show: (figure) => say({ figure }),
  }
  try {
    await run(lab)
    say(skipped ? { skipped: name, reason: skipped } : { passed: name })
  } catch (error) {
    say({ failed: name, error: `${(error as Error).stack ?? error}` })
  }
}

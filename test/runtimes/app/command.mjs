// Node, Deno and Bun: `command.mjs CONTROL ROW`.
import { run } from './suite.mjs'

const { Deno, Bun, process } = globalThis
const [control, row] = Deno?.args ?? process.argv.slice(2)
await run(control, row, { version: Deno?.version.deno ?? Bun?.version ?? process.versions.node })

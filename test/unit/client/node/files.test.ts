// The cases of files, on the Node that runs the tests. test/runtimes/files.runtime.ts has the other runtimes.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from '#test'
import { inputCases } from './inputCases.ts'
import type { Lab } from './kit.ts'
import { saveCases } from './saveCases.ts'
import { serveFiles } from './serveFiles.ts'

const test = suite('files on Node')
let server: Awaited<ReturnType<typeof serveFiles>>
test.before(async () => {
  server = await serveFiles()
})
test.after(() => server.close())

for (const [name, run] of Object.entries({ ...inputCases, ...saveCases })) {
  test(name, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'flowscale-files-'))
    const node = Number.parseInt(process.versions.node, 10)
    const skip = (reason: string) => console.log(`skipped: ${name}: ${reason}`)
    const lab: Lab = { ...server, folder, runtime: 'Node', node, skip, show: console.log }
    try {
      await run(lab)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
}

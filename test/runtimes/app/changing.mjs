// `changing.mjs INDEX URL FILE`: executes with a file that changes before and while it is sent. Prints how each ended.
import { appendFileSync, openAsBlob, writeFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'

const [index, baseUrl, path] = process.argv.slice(2)
const { createClient, executeWorkflow } = await import(index)
const client = createClient({ baseUrl, timeoutMs: 20_000 })
const told = []
for (const change of ['before', 'during']) {
  writeFileSync(path, Buffer.alloc(30_000_000))
  const file = await openAsBlob(path)
  // Node tells a changed file by its time.
  await wait(20)
  const grow = () => appendFileSync(path, 'more')
  if (change === 'before') grow()
  const end = executeWorkflow(client, 'w', { file })
  if (change === 'during') await fetch(`${baseUrl}/begun`).then(grow)
  told.push(
    await end.then(
      ({ data }) => data.run_id,
      ({ code, maybeSubmitted }) => `${code} ${maybeSubmitted}`,
    ),
  )
}
console.log(JSON.stringify(told))
process.exit()

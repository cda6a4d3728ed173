import { createRequire, register } from 'node:module'
import { MessageChannel } from 'node:worker_threads'

/** Prints the ms that `load` of the specifier in the arguments takes; with `count` the files it reads as well. */
export async function measureImport(load) {
  const [, , specifier, count] = process.argv
  const files = new Set()
  if (count) {
    // The loader's own thread tells of each module.
    const { port1, port2 } = new MessageChannel()
    port1.on('message', (url) => files.add(url))
    const hooks = `let port
      export const initialize = (data) => { port = data }
      export const load = (url, context, next) => { if (url.startsWith('file:')) port.postMessage(url); return next(url, context) }`
    register(`data:text/javascript,${encodeURIComponent(hooks)}`, { data: port2, transferList: [port2] })
  }
  const log = console.log
  console.log = () => {}
  const start = performance.now()
  await load(specifier)
  const ms = performance.now() - start
  if (count) {
    await new Promise((resolve) => setTimeout(resolve, 50))
    for (const file of Object.keys(createRequire(import.meta.url).cache)) files.add(`file://${file}`)
  }
  log(JSON.stringify({ ms, files: files.size }))
  process.exit()
}

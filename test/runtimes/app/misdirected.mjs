// `misdirected.mjs INDEX URL`: what becomes of an execute that is answered with 421, through the client at INDEX.
const { Deno, process } = globalThis
const [index, baseUrl] = Deno?.args ?? process.argv.slice(2)
const { createClient, executeWorkflow } = await import(index)
const own = (url, init) => fetch(url, init)
const told = []
for (const fetch of [undefined, own]) {
  const inputs = { text: 'zwölf\n', image: new Blob(['x'.repeat(100_000)], { type: 'image/png' }) }
  const workflowId = fetch ? 'own' : 'default'
  try {
    await executeWorkflow(createClient({ baseUrl, fetch }), workflowId, inputs)
  } catch ({ code, status, maybeSubmitted = false }) {
    told.push({ code, status, maybeSubmitted })
  }
}
console.log(JSON.stringify(told))

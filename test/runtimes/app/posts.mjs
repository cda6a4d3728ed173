// `posts.mjs INDEX URL SCENARIOS [UNDICI]`: executes by the client at INDEX, against a server that answers as the first part
// of the path says. Prints how each ended.
const { Deno, process } = globalThis
const [index, url, scenarios, undici] = Deno?.args ?? process.argv.slice(2)
const { createClient, executeWorkflow } = await import(index)
const { Agent, MockAgent, install, setGlobalDispatcher } = undici ? await import(undici) : {}

const forms = {
  texts: () => ({ text: 'zwölf\n', more: ['a', 'b'] }),
  file: () => ({ text: 'zwölf\n', image: new Blob(['x'.repeat(100_000)], { type: 'image/png' }) }),
}

/** Scenarios of undici change the dispatcher or the global fetch; the server answers them with 421. */
const prepare = {
  agent: () => setGlobalDispatcher(new Agent()),
  install: () => install(),
  mock() {
    const agent = new MockAgent()
    agent.disableNetConnect()
    setGlobalDispatcher(agent)
    agent
      .get(new URL(url).origin)
      .intercept({ path: /./, method: 'POST' })
      .reply(200, { status: 'success', data: { run_id: 'mocked' } })
      .times(9)
  },
}

const told = {}
for (const scenario of scenarios.split(',')) {
  prepare[scenario]?.()
  // A fetch of the caller's gets a form, whatever sends it.
  const fetch = scenario === 'own' ? (url, init) => globalThis.fetch(url, init) : undefined
  for (const kind in forms) {
    // Nothing listens there.
    const baseUrl = scenario === 'away' ? 'http://127.0.0.1:3' : `${url}/${scenario}-${kind}`
    const client = createClient({ baseUrl, fetch, retryDelayMs: 1, timeoutMs: 20_000 })
    told[`${scenario}-${kind}`] = await executeWorkflow(client, 'w', forms[kind]()).then(
      ({ data }) => data.run_id,
      ({ code, status, maybeSubmitted = false }) => `${code} ${status} ${maybeSubmitted}`,
    )
  }
}
console.log(JSON.stringify(told))
process?.exit?.()

// The peers that can be pointed at a local URL, each as its users would write the request.

/** By name, functions that send the request and give the answer. `form` makes the body of a POST. */
export async function createPeers({ url, path, key, form }) {
  const [
    { default: axios },
    { default: ky },
    { ofetch },
    openapi,
    { default: Replicate },
    { default: OpenAI },
  ] = await Promise.all(
    ['axios', 'ky', 'ofetch', 'openapi-fetch', 'replicate', 'openai'].map((name) => import(name)),
  )
  const base = `${url}/api/v1`
  const href = base + path
  const headers = { 'x-api-key': key }
  const method = form ? 'POST' : 'GET'
  const replicate = new Replicate({ auth: key, baseUrl: base, useFileOutput: false })
  const openai = new OpenAI({ apiKey: key, baseURL: base, dangerouslyAllowBrowser: true })
  const open = openapi.default({ baseUrl: base, headers })
  const peers = {
    axios: async () =>
      (await axios({ url: href, method, headers, data: form?.(), maxBodyLength: Infinity })).data,
    ky: () => ky(href, { method, headers, body: form?.(), timeout: 600_000 }).json(),
    ofetch: () => ofetch(href, { method, headers, body: form?.() }),
    'openapi-fetch': async () =>
      (await open[method](path, { body: form?.(), bodySerializer: (body) => body })).data,
    replicate: async () => (await replicate.request(path, { method, data: form?.() })).json(),
    openai: () => openai[form ? 'post' : 'get'](path, { body: form?.() }),
  }
  // It has no general POST.
  if (form) return peers
  const fal = (await import('@fal-ai/client')).createFalClient({
    credentials: key,
    requestMiddleware: async (request) => ({ ...request, url: href }),
  })
  return { ...peers, '@fal-ai/client': () => fal.queue.status('bench/app', { requestId: 'bench' }) }
}

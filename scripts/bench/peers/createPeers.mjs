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
  const replicate = new Replicate({ auth: key, baseUrl: base, useFileOutput: false })
  const openai = new OpenAI({ apiKey: key, baseURL: base, dangerouslyAllowBrowser: true })
  const open = openapi.default({ baseUrl: base, headers })
  if (form) {
    return {
      axios: async () => (await axios.post(href, form(), { headers, maxBodyLength: Infinity })).data,
      ky: () => ky.post(href, { body: form(), headers, timeout: 600_000 }).json(),
      ofetch: () => ofetch(href, { method: 'POST', body: form(), headers }),
      'openapi-fetch': async () =>
        (await open.POST(path, { body: form(), bodySerializer: (body) => body })).data,
      replicate: async () => (await replicate.request(path, { method: 'POST', data: form() })).json(),
      openai: () => openai.post(path, { body: form() }),
    }
  }
  const fal = (await import('@fal-ai/client')).createFalClient({
    credentials: key,
    requestMiddleware: async (request) => ({ ...request, url: href }),
  })
  return {
    axios: async () => (await axios.get(href, { headers })).data,
    ky: () => ky.get(href, { headers }).json(),
    ofetch: () => ofetch(href, { headers }),
    'openapi-fetch': async () => (await open.GET(path)).data,
    replicate: async () => (await replicate.request(path, { method: 'GET' })).json(),
    openai: () => openai.get(path),
    '@fal-ai/client': () => fal.queue.status('bench/app', { requestId: 'bench' }),
  }
}

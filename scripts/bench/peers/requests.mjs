// The peers that can be pointed at a local URL, each as its users would write the request.

/** By name, functions that send the request and give what it answered. `form` makes the body of a POST. */
export async function createPeers({ url, path, key, form, isHealth }) {
  const [
    { default: axios },
    { default: ky },
    { ofetch },
    openapi,
    { default: Replicate },
    { default: OpenAI },
    fal,
  ] = await Promise.all([
    import('axios'),
    import('ky'),
    import('ofetch'),
    import('openapi-fetch'),
    import('replicate'),
    import('openai'),
    import('@fal-ai/client'),
  ])
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
  const client = fal.createFalClient({
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
    '@fal-ai/client': () => client.queue.status('bench/app', { requestId: 'bench' }),
    ...(isHealth && (await createComfyPeers(url))),
  }
}

/** Clients of a bare ComfyUI, whose paths are fixed: asked for its queue, or the like. */
async function createComfyPeers(url) {
  const [saintno, stable, plain] = await Promise.all([
    import('@saintno/comfyui-sdk'),
    import('@stable-canvas/comfyui-client'),
    import('comfy-ui-client'),
  ])
  const api = new saintno.ComfyApi(url)
  const { host } = new URL(url)
  const client = new stable.Client({ api_host: host })
  const comfy = new plain.ComfyUIClient(host, 'bench')
  return {
    '@saintno/comfyui-sdk': async () => (await api.fetchApi('/queue')).json(),
    '@stable-canvas/comfyui-client': async () => (await client.fetchApi('/queue')).json(),
    'comfy-ui-client': () => comfy.getQueue(),
  }
}

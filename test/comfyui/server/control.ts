import { type Context, empty, json, type Reply } from './http.ts'

/** Stops the running run: that of the id, or whichever runs. */
export async function postInterrupt({ life, readText, readJson }: Context): Promise<Reply> {
  const body = (await readText()) ? ((await readJson()) as { prompt_id?: unknown }) : {}
  if (body === null || Array.isArray(body) || typeof body !== 'object') throw new TypeError('not a dict')
  const { prompt_id } = body
  const isMeant = !prompt_id || life.globalInterrupt || life.running.some(([, id]) => id === prompt_id)
  if (isMeant) life.interrupted = true
  return empty()
}

/** Empties the cache, after the running run. */
export async function postFree({ life, readJson }: Context): Promise<Reply> {
  const { free_memory } = (await readJson()) as { free_memory?: unknown }
  if (free_memory && life.running.length) life.freeMemory = true
  else if (free_memory) life.cache.clear()
  return empty()
}

export const features = ({ life }: Pick<Context, 'life'>): Record<string, unknown> => ({
  supports_preview_metadata: true,
  max_upload_size: life.maxUploadBytes,
  ...life.version.features,
})

export const getFeatures = (context: Context): Reply => json(features(context))

/** A worker that died does not show here. */
export function getSystemStats({ life, port }: Context): Reply {
  const { folder, version, metadata } = life
  const total = 16 * 2 ** 30
  const free = 12 * 2 ** 30
  return json({
    system: {
      ...version.system,
      ram_total: total,
      ram_free: free,
      comfyui_version: version.name,
      installed_templates_version: null,
      python_version: '3.13.5 (main, Aug 10 2026, 12:06:59) [GCC 14.2.0]',
      pytorch_version: '2.6.0+debian',
      embedded_python: false,
      ...(metadata === null
        ? {}
        : {
            argv: [
              ...['main.py', '--cpu', '--listen', '127.0.0.1', '--port', String(port)],
              ...['--base-directory', folder, '--front-end-root', `${folder}/web`],
              ...['--database-url', `sqlite:///${folder}/user/comfyui.db`],
              ...['--disable-api-nodes', '--disable-auto-launch'],
              ...(metadata === false ? ['--disable-metadata'] : []),
            ],
          }),
    },
    devices: [
      {
        ...{ name: 'cpu', type: 'cpu', index: null, vram_total: total, vram_free: free },
        ...{ torch_vram_total: total, torch_vram_free: free },
      },
    ],
  })
}

import { expect, send } from './send.ts'
import type { Attack } from './types.ts'

const at = (path: string, method = 'GET', ...statuses: number[]): Attack => ({
  what: `${method} ${path.length > 60 ? `${path.slice(0, 60)}…` : path}`,
  run: async ({ port, key, comfy }) => {
    const target = path.replace('COMFY', String(comfy.port))
    const answer = await send(port, { method, path: target, headers: [`X-API-KEY: ${key}`] })
    return expect(answer, ...(statuses.length ? statuses : [400, 404, 405]))
  },
})

const TRICKS = [
  '/../queue',
  '/api/v1/../../queue',
  '/api/v1/runs/../../../queue',
  '/%2e%2e/queue',
  '/api/v1/%2e%2e/%2e%2e/queue',
  '/api/v1/runs/%2e%2e%2f%2e%2e%2fqueue',
  '/api/v1/runs/%252e%252e%252fqueue',
  '/api/v1/runs/..%2f..%2fhistory',
  '/api/v1/runs/..%5c..%5cqueue',
  '/api/v1/runs/..;/queue',
  '/\\queue',
  '\\queue',
  '//queue',
  '///queue',
  '//127.0.0.1:COMFY/queue',
  'http://127.0.0.1:COMFY/queue',
  'http://127.0.0.1:COMFY/prompt',
  '/http://127.0.0.1:COMFY/queue',
  '/api/v1/runs/http:%2f%2f127.0.0.1:COMFY%2fqueue',
  '/api/v1/runs/%00',
  '/api/v1/runs/%ff',
  '/api/v1/runs/a%0d%0aGET%20/queue',
  '/api/v1/runs/queue?filename=x',
  `/api/v1/runs/${'a'.repeat(7_000)}`,
  '/api/v1/runs/__proto__',
  '/api/v1/runs/%2e%2e%2f%2e%2e%2fqueue/events',
  '/api/v1/runs/..%2f..%2fhistory/events',
  '/api/v1/runs/http:%2f%2f127.0.0.1:COMFY%2fqueue/events',
  '/api/v1/runs/a%0d%0aGET%20/queue/events',
  '/api/v1/runs/%00/events',
  '/api/v1/runs/__proto__/events',
  `/api/v1/runs/${'a'.repeat(7_000)}/events`,
  '/api/v1/runs/queue?x=/events',
  '/api/v1/comfy/../../../queue',
  '/api/v1/comfy/prompt',
  '/api/v1/comfy/history',
  '/api/v1/comfy/queue/',
  '/API/V1/COMFY/QUEUE',
]

const ROUTES = [
  'prompt',
  'queue',
  'history',
  'history/00000000-0000-4000-8000-000000000000',
  'view?filename=example.png&type=input',
  'userdata?dir=flowscale',
  'userdata/flowscale%2Fabout.json',
  'v2/userdata',
  'object_info',
  'object_info/SaveImage',
  'system_stats',
  'features',
  'ws',
  'users',
  'settings',
  'embeddings',
  'models',
  'extensions',
  'internal/logs',
]
const ORDERS = [
  'prompt',
  'queue',
  'history',
  'interrupt',
  'free',
  'upload/image',
  'upload/mask',
  'userdata/x',
]

/** Ways to what lies beside the API, and to ComfyUI's own routes. */
export const paths: readonly Attack[] = [
  ...TRICKS.map((path) => at(path)),
  ...ROUTES.flatMap((route) => [at(`/${route}`), at(`/api/${route}`)]),
  ...ORDERS.flatMap((route) => [at(`/${route}`, 'POST'), at(`/api/${route}`, 'POST')]),
  at('/userdata/flowscale%2Fabout.json', 'DELETE'),
  at('/api/userdata/flowscale%2Fabout.json', 'DELETE'),
  at('/api/jobs'),
  at('127.0.0.1:COMFY', 'CONNECT', 0, 400, 404, 405),
  at('/queue', 'TRACE', 400, 404, 405),
  at('/api/v1/runs', 'PUT'),
]

import { createSign } from '../../../packages/gateway/src/http/links.ts'
import { expect, send } from './send.ts'
import { type Attack, READS, type Target } from './types.ts'

const pathOf = (link: string): string => link.replace(/^https?:\/\/[^/]+/, '')

/** A link that was changed. */
const link = (
  what: string,
  change: (path: string, target: Target) => string,
  ...statuses: number[]
): Attack => ({
  what: `link: ${what}`,
  run: async (target) => {
    const path = change(pathOf(target.own[0]!.link), target)
    return expect(await send(target.port, { path }), ...(statuses.length ? statuses : [403]))
  },
})

const output = (what: string, nameOf: (target: Target) => string): Attack => ({
  what: `output: ${what}`,
  may: READS,
  run: async (target) => {
    const headers = [`X-API-KEY: ${target.key}`]
    const path = `/api/v1/runs/output?filename=${encodeURIComponent(nameOf(target))}`
    return expect(await send(target.port, { path, headers }), 404, 422)
  },
})

/** A header that may move a link elsewhere. */
const header = (line: string): Attack => ({
  what: `header: ${line}`,
  may: READS,
  run: async ({ port, key, own }) => {
    const headers = [`X-API-KEY: ${key}`, line]
    const path = `/api/v1/runs/output?filename=${own[0]!.file}`
    const answer = expect(await send(port, { path, headers }), 200)
    if (/evil|\/queue/.test(answer.body)) throw new Error(`the link follows it: ${answer.body}`)
    return answer
  },
})

const expired = async (target: Target): Promise<string> => {
  const [path = ''] = pathOf(target.own[0]!.link).split('?')
  const expires = String(Date.now() - 1_000)
  return `${path}?expires=${expires}&signature=${await createSign(target.key)(`${path}\n${expires}`)}`
}

/** Names, links and headers that lead to a file of others, or elsewhere. */
export const files: readonly Attack[] = [
  link('another signature', (path) => path.replace(/signature=../, 'signature=00')),
  link('half a signature', (path) => path.slice(0, -10)),
  link('no signature', (path) => path.replace(/&signature=.*/, '')),
  link('an empty signature', (path) => path.replace(/signature=.*/, 'signature=')),
  link('two signatures', (path) => path.replace('signature=', 'signature=00&signature=')),
  link('a later end', (path) => path.replace(/expires=\d+/, 'expires=99999999999999')),
  link('no end', (path) => path.replace(/expires=\d+&/, '')),
  link('the key as the signature', (path, { key }) => path.replace(/signature=.*/, `signature=${key}`)),
  link("another run's file", (path, { own }) =>
    pathOf(own[1]!.link).replace(/\?.*/, path.slice(path.indexOf('?'))),
  ),
  link('another file of the run', (path) => path.replace(/[^/]+\?/, 'example.png?')),
  link('the run of another', (path, { own }) => path.replace(own[0]!.id, own[1]!.id)),
  link('a run of a stranger', (path, { own, foreign }) => path.replaceAll(own[0]!.id, foreign.over)),
  link('a way up', (path) => path.replace(/[^/]+\?/, '..%2f..%2fqueue?')),
  link('a way up, encoded twice', (path) => path.replace(/[^/]+\?/, '%252e%252e%252fqueue?')),
  link('two slashes', (path) => path.replace('/generations/', '/generations//')),
  link('a query of ComfyUI', (path) =>
    path.replace('?', '?filename=example.png&type=input&').replace(/signature=../, 'signature=00'),
  ),
  {
    what: 'link: it has ended',
    run: async (target) => expect(await send(target.port, { path: await expired(target) }), 403),
  },
  {
    what: 'link: it is written to',
    run: async ({ port, own }) =>
      expect(await send(port, { method: 'POST', path: pathOf(own[0]!.link) }), 405),
  },
  {
    what: 'link: the key, instead of a signature',
    run: async ({ port, key, own }) => {
      const path = pathOf(own[0]!.link).replace(/\?.*/, '')
      return expect(await send(port, { path, headers: [`X-API-KEY: ${key}`] }), 403)
    },
  },
  output('a way up', () => '../../user/default/x'),
  output('a way up in the name', ({ own }) => `../../gateway/${own[0]!.file}`),
  output('a file of ComfyUI', () => 'example.png'),
  output('a path of ComfyUI', () => '/etc/passwd'),
  output("a stranger's file", ({ foreign }) => foreign.file),
  output("a stranger's run", ({ foreign }) => `image_output_${foreign.over}.png`),
  output('a name that the run does not have', ({ own }) => `other_${own[0]!.id}.png`),
  output('a name of no run', () => 'echo_00000000-0000-4000-8000-000000000000.txt'),
  output('NUL', ({ own }) => `${own[0]!.file}\u0000.png`),
  output('a folder after the name', ({ own }) => `${own[0]!.file}/../x`),
  output('__proto__', () => '__proto__'),
  ...[
    'X-Forwarded-Host: evil.test',
    'X-Forwarded-Proto: evil',
    'Forwarded: host=evil.test;proto=evil',
    'X-Original-URL: /queue',
    'X-Rewrite-URL: /queue',
    'X-HTTP-Method-Override: DELETE',
    'X-Forwarded-For: 127.0.0.1',
    'Host: evil.test',
    'Host: evil.test:80@127.0.0.1',
    'Origin: http://evil.test',
    'Referer: http://evil.test/',
  ].map(header),
  {
    what: 'header: no Host',
    run: async ({ port, key }) =>
      expect(
        await send(port, { path: '/api/v1/comfy/health', headers: ['Host:', `X-API-KEY: ${key}`] }),
        400,
        200,
      ),
    may: READS,
  },
  {
    what: 'header: Host twice',
    run: async ({ port }) =>
      expect(await send(port, { path: '/queue', headers: ['Host: a', 'Host: b'] }), 400, 404),
  },
]

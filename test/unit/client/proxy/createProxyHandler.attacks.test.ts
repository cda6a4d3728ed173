// Attacks on the proxy: raw requests to a real server, and what of them a recording pod gets to see. No `pod`: an
// upload that breaks off, of which the pod may see the start.
import { createClient } from '@flowscale/client'
import { assert, suite } from '#test'
import { assertNoCanary, CANARY } from '../../../support/canary.ts'
import { type RawAnswer, recordingPod, sendRaw, serveProxy } from '../../../support/proxied.ts'
import { until } from '../../../support/until.ts'

const test = suite('attacks on the proxy')

const root = '/api/flowscale/api/v1'
const health = `${root}/comfy/health`
const token = 'Bearer the-token-of-ada'
const boundary = 'a-boundary-of-attacks'
const part = `--${boundary}\r\nContent-Disposition: form-data; name="`
const form = `${part}prompt"\r\n\r\nhi\r\n--${boundary}--\r\n`
const multipart = { 'Content-Type': `multipart/form-data; boundary=${boundary}` }
const maxBodyBytes = 4096

type Proxies = 'open' | 'pinned' | 'endless' | 'narrow' | 'cors' | 'short' | 'slashed'
const keys: Partial<Record<Proxies, string>> = { short: 'k3y', slashed: 'fsk/canary/7c1e' }
interface Reply {
  status: number
  body: string
  type?: string
}
interface Attack {
  name: string
  proxy?: Proxies
  method?: string
  target: string
  headers?: Record<string, string>
  body?: string
  /** Instead of all of the above. */
  raw?: string
  /** Goes away once the pod has seen the beginning. */
  ends?: boolean
  status: number
  /** Method and URL of each request that the pod saw. */
  pod?: string[] | undefined
  /** What arrived in the last one of them. */
  body_?: string
  /** What the pod answers, made of the key that it got. */
  reply?: (key: string) => Reply
  /** What gets to the caller of that, if it is told. */
  answer?: string
}

const nothing: string[] = []
const seen = (...lines: string[]) => lines.map((line) => line.replace(' /', ' /pod/api/v1/'))
const path = (name: string, target: string, status = 404, pod = nothing): Attack => ({
  name,
  target,
  status,
  pod,
})
const header = (name: string, headers: Record<string, string>, status = 200): Attack => ({
  name,
  target: health,
  headers,
  status,
  pod: status === 200 ? seen('GET /comfy/health') : nothing,
})
const execute = (
  name: string,
  query: string,
  status: number,
  pod: string[] = nothing,
  more: Partial<Attack> = {},
): Attack => ({
  name,
  method: 'POST',
  target: `${root}/runs?${query}`,
  headers: multipart,
  body: form,
  status,
  pod,
  ...more,
})
const chunked = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`
const long = `${part}prompt"\r\n\r\n${'x'.repeat(2 * maxBodyBytes)}\r\n--${boundary}--\r\n`
const own = (more: Partial<Attack> & { name: string; target: string; status: number }): Attack => ({
  proxy: 'pinned',
  pod: nothing,
  ...more,
})

/** Each character by its code, as JSON may have it. */
const coded = (text: string) =>
  text.replace(/./g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`)
/** The pod echoes the key. */
const echo = (
  name: string,
  body: (key: string) => string,
  answer: string,
  more: Partial<Attack & Reply> = {},
) => {
  const { status = 422, type, ...rest } = more
  return {
    name: `an echo of ${name}`,
    target: health,
    status,
    pod: seen('GET /comfy/health'),
    reply: (key: string) => ({ status, body: body(key), ...(type && { type }) }),
    answer,
    ...rest,
  }
}
const list = (page = 1) => seen(`GET /runs?group_id=ada&page=${page}&page_size=100`)

const attacks: Attack[] = [
  // Paths.
  path('dot segments', '/api/flowscale/api/v1/comfy/../../../../../admin'),
  path('dot segments, encoded', `${root}/comfy/%2e%2e/%2e%2e/admin`),
  path(
    'dot segments that end where a call is',
    `${root}/runs/%2e%2e/comfy/health`,
    200,
    seen('GET /comfy/health'),
  ),
  path('dot segments behind an encoded slash', `${root}/runs/..%2f..%2fadmin`),
  path('dot segments, encoded with their slash', `${root}/runs/%2e%2e%2fadmin`),
  path('dot segments, encoded twice', `${root}/runs/%252e%252e%252fadmin`),
  path('one of them as an id, encoded twice', `${root}/runs/%252e%252e`),
  path('an encoded backslash', `${root}/runs/..%5c..%5cadmin`),
  path('a backslash', `${root}/runs/..\\..\\admin`, 400),
  path('an encoded slash in an id', `${root}/runs/a%2fcancel`),
  path('two slashes at the start', `/${health}`),
  path('two slashes at the start, and a host', `//evil.test${health}`),
  path('two slashes within', `${root}//comfy/health`),
  path('a slash at the end', `${health}/`),
  path('a path parameter', `${health};admin=1`),
  path('a path parameter of an id', `${root}/runs/abc;admin`),
  path('a path parameter, encoded', `${root}/runs/abc%3badmin`),
  path('an encoded null byte', `${root}/runs/abc%00`),
  { name: 'a null byte', target: '', raw: `GET ${root}/runs/a\0b HTTP/1.1\r\nHost: x\r\n\r\n`, status: 400 },
  path('an encoded line break and a header', `${root}/runs/a%0d%0aX-Evil:%201`),
  path('an encoded question mark', `${root}/runs%3fgroup_id=x`),
  path('an encoded hash', `${root}/runs/a%23b`),
  path('a dot in overlong UTF-8', `${root}/runs/%c0%ae%c0%ae/admin`),
  path('a full-width slash', `${root}/runs/..%ef%bc%8fadmin`),
  path('what is no encoding', `${root}/runs/%zz`),
  path('another case', '/API/flowscale/api/v1/comfy/health'),
  path('no base path', '/api/v1/comfy/health'),
  path('a longer base path', '/api/flowscale2/api/v1/comfy/health'),
  path('what is not of the API', `${root}/comfy/prompt`),
  path('the WebSocket', `${root}/ws?api_key=x`),
  path('an absolute URL of another host', `http://evil.test${health}`, 200, seen('GET /comfy/health')),
  path('an absolute URL that leads elsewhere', 'http://evil.test/admin'),
  path('an absolute URL of another scheme', 'file:///etc/passwd', 400),
  header('another Host', { Host: 'evil.test' }),
  // Methods.
  { name: 'DELETE', method: 'DELETE', target: `${root}/runs/abc`, status: 405 },
  { name: 'PUT', method: 'PUT', target: `${root}/runs`, status: 405 },
  { name: 'HEAD', method: 'HEAD', target: health, status: 405 },
  { name: 'TRACE', method: 'TRACE', target: health, headers: { 'X-Api-Key': 'mine' }, status: 405 },
  { name: 'OPTIONS', method: 'OPTIONS', target: health, status: 405 },
  { name: 'CONNECT', method: 'CONNECT', target: 'evil.test:443', status: 0 },
  { name: 'GET of a cancel', target: `${root}/runs/abc/cancel`, status: 405 },
  {
    name: 'a method in a header and in the query',
    method: 'POST',
    target: `${root}/runs/abc/cancel?_method=DELETE`,
    headers: { 'X-HTTP-Method-Override': 'DELETE', 'X-Method-Override': 'DELETE' },
    status: 200,
    pod: seen('POST /runs/abc/cancel'),
  },
  // Headers.
  header('a key of the caller', { 'X-API-KEY': 'a-key-of-the-caller' }),
  header('no permission', { Authorization: 'Bearer wrong' }, 401),
  header('cookies', { Cookie: 'session=secret; admin=1' }),
  header('hop-by-hop headers', {
    'Keep-Alive': 'timeout=9',
    TE: 'trailers',
    'Proxy-Authorization': 'Basic eA==',
    'Proxy-Connection': 'keep-alive',
    Trailer: 'X-Evil',
  }),
  header('a Connection that names the key', { Connection: 'close, X-API-KEY' }),
  header('forwarding headers', {
    'X-Forwarded-For': '127.0.0.1',
    'X-Forwarded-Host': 'evil.test',
    'X-Forwarded-Proto': 'gopher',
    Forwarded: 'for=127.0.0.1',
    'X-Real-IP': '127.0.0.1',
  }),
  header('headers that rewrite the path', { 'X-Original-URL': '/admin', 'X-Rewrite-URL': '/admin' }),
  header('ranges, conditions, encodings', {
    Range: 'bytes=0-1',
    'If-None-Match': '*',
    'Accept-Encoding': 'br',
  }),
  header('an upgrade', { Connection: 'Upgrade, close', Upgrade: 'websocket', 'Sec-WebSocket-Key': 'eA==' }),
  execute('Expect', 'workflow_id=w', 200, seen('POST /runs?workflow_id=w'), {
    headers: { ...multipart, Expect: '100-continue' },
    body_: form,
  }),
  execute('a content-encoding', 'workflow_id=w', 200, seen('POST /runs?workflow_id=w'), {
    headers: { ...multipart, 'Content-Encoding': 'gzip' },
    body_: form,
  }),
  {
    name: 'two lengths, to smuggle a request',
    target: '',
    raw: `POST ${root}/runs?workflow_id=w HTTP/1.1\r\nHost: x\r\nAuthorization: ${token}\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /admin HTTP/1.1\r\n\r\n`,
    status: 400,
  },
  {
    name: 'a header folded over lines',
    target: '',
    raw: `GET ${health} HTTP/1.1\r\nHost: x\r\nAuthorization: ${token}\r\nX-A: b\r\n\tX-Api-Key: c\r\nConnection: close\r\n\r\n`,
    status: 400,
  },
  // Queries.
  execute('a parameter twice', 'workflow_id=w&workflow_id=v', 400),
  execute('a parameter twice, once encoded', 'workflow_id=w&workflow%5Fid=v', 400),
  execute('a parameter as an array', 'workflow_id[]=w', 422),
  execute('a parameter in another case', 'Workflow_ID=w', 422),
  execute('an empty parameter', 'workflow_id=', 422),
  execute(
    'parameters that are not of the API',
    'workflow_id=w&api_key=x&admin=1&__proto__=1',
    200,
    seen('POST /runs?workflow_id=w'),
    { body_: form },
  ),
  execute(
    'parameters in a parameter',
    'workflow_id=w%26group_id%3Dall%23',
    200,
    seen('POST /runs?workflow_id=w%26group_id%3Dall%23'),
    { body_: form },
  ),
  execute(
    'a line break in a parameter',
    'workflow_id=w%0d%0aX-Evil:1',
    200,
    seen('POST /runs?workflow_id=w%0D%0AX-Evil%3A1'),
    { body_: form },
  ),
  path('a file name that climbs', `${root}/runs/output?filename=..%2f..%2fetc%2fpasswd`),
  path('a file name that climbs, encoded twice', `${root}/runs/output?filename=%252e%252e%252fetc`),
  path('a file name that climbs by backslashes', `${root}/runs/output?filename=..%5c..%5cetc`),
  path('a file name from the root', `${root}/runs/output?filename=/etc/passwd`),
  path('a file name with a null byte', `${root}/runs/output?filename=a.png%00.txt`),
  path('a file name twice', `${root}/runs/output?filename=a&filename=b`, 400),
  path('no file name', `${root}/runs/output`, 422),
  // Bodies.
  execute('a form without files, as another site can post it', 'workflow_id=w', 415, nothing, {
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    body: 'prompt=hi',
  }),
  execute('a plain text, as another site can post it', 'workflow_id=w', 415, nothing, {
    headers: { 'Content-Type': 'text/plain' },
  }),
  execute('JSON', 'workflow_id=w', 415, nothing, {
    headers: { 'Content-Type': 'application/json' },
    body: '{}',
  }),
  execute('no content type', 'workflow_id=w', 415, nothing, { headers: {} }),
  execute('a content type without a boundary', 'workflow_id=w', 415, nothing, {
    headers: { 'Content-Type': 'multipart/form-data' },
  }),
  execute('too long, and says so', 'workflow_id=w', 413, nothing, { body: long }),
  execute('too long, says so, and sends little of it', 'workflow_id=w', 413, nothing, {
    headers: { ...multipart, 'Content-Length': '1000000' },
    body: 'x',
  }),
  execute('too long, and does not say so', 'workflow_id=w', 413, nothing, {
    headers: { ...multipart, 'Transfer-Encoding': 'chunked' },
    body: chunked(long),
    pod: undefined,
  }),
  execute('no length', 'workflow_id=w', 200, seen('POST /runs?workflow_id=w'), {
    headers: { ...multipart, 'Transfer-Encoding': 'chunked' },
    body: chunked(form),
    body_: form,
  }),
  execute(
    'longer than it says, with a request behind',
    'workflow_id=w',
    200,
    seen('POST /runs?workflow_id=w'),
    {
      headers: { ...multipart, Connection: 'keep-alive', 'Content-Length': `${form.length}` },
      body: `${form}GET /admin HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
      body_: form,
    },
  ),
  execute('shorter than it says', 'workflow_id=w', 0, nothing, {
    headers: { ...multipart, 'Content-Length': '999' },
    ends: true,
    pod: undefined,
  }),
  {
    name: 'a body on a GET',
    target: health,
    headers: { 'Content-Length': '4' },
    body: 'evil',
    status: 200,
    pod: seen('GET /comfy/health'),
    body_: '',
  },
  {
    name: 'a body on a cancel',
    method: 'POST',
    target: `${root}/runs/abc/cancel`,
    body: '{"group_id":"all"}',
    headers: { 'Content-Type': 'application/json' },
    status: 200,
    pod: seen('POST /runs/abc/cancel'),
    body_: '',
  },
  // Other sites.
  {
    name: 'a preflight, without CORS',
    method: 'OPTIONS',
    target: health,
    headers: { Origin: 'https://evil.test', 'Access-Control-Request-Method': 'GET' },
    status: 405,
  },
  {
    name: 'a preflight of a site that is not listed',
    proxy: 'cors',
    method: 'OPTIONS',
    target: health,
    headers: { Origin: 'https://evil.test', 'Access-Control-Request-Method': 'GET' },
    status: 405,
  },
  {
    name: 'a site that is not listed',
    proxy: 'cors',
    target: health,
    headers: { Origin: 'https://app.test.evil.test' },
    status: 403,
  },
  // What is not allowed.
  { name: 'an operation that is not allowed', proxy: 'narrow', target: `${root}/comfy/queue`, status: 403 },
  execute('a workflow that is not allowed', 'workflow_id=other', 403, nothing, { proxy: 'narrow' }),
  execute('a workflow that is not allowed, in another case', 'workflow_id=W', 403, nothing, {
    proxy: 'narrow',
  }),
  execute(
    'a workflow that is not allowed, beside one that is',
    'workflow_id=w&workflow_id=other',
    400,
    nothing,
    { proxy: 'narrow' },
  ),
  // Groups.
  own({ name: 'runs of another group', target: `${root}/runs?group_id=bob`, status: 404 }),
  own({ name: 'runs of two groups', target: `${root}/runs?group_id=ada&group_id=bob`, status: 400 }),
  own({
    name: 'runs of two groups, one encoded',
    target: `${root}/runs?group_id=ada&group%5fid=bob`,
    status: 400,
  }),
  own({
    name: 'runs of another group, in another case',
    target: `${root}/runs?Group_Id=bob`,
    status: 200,
    pod: seen('GET /runs?group_id=ada'),
  }),
  own({
    name: 'runs of all, by an empty group',
    target: `${root}/runs?group_id=`,
    status: 200,
    pod: seen('GET /runs?group_id=ada'),
  }),
  own({ name: 'another group in another case', target: `${root}/runs?group_id=ADA`, status: 404 }),
  execute(
    'an execute in another group',
    'workflow_id=w&group_id=bob',
    200,
    seen('POST /runs?workflow_id=w&group_id=ada'),
    { proxy: 'pinned', body_: form },
  ),
  execute(
    'an execute in another group, by the form',
    'workflow_id=w',
    200,
    seen('POST /runs?workflow_id=w&group_id=ada'),
    {
      proxy: 'pinned',
      body: `${part}group_id"\r\n\r\nbob\r\n${form}`,
      body_: `${part}group_id"\r\n\r\nbob\r\n${form}`,
    },
  ),
  own({
    name: 'a run of another group',
    target: `${root}/runs/run-of-bob`,
    status: 404,
    pod: seen('GET /runs/run-of-bob'),
  }),
  own({
    name: 'a cancel of a run of another group',
    method: 'POST',
    target: `${root}/runs/run-of-bob/cancel`,
    status: 404,
    pod: seen('GET /runs/run-of-bob'),
  }),
  own({
    name: 'a run without a group',
    target: `${root}/runs/run-of-nobody`,
    status: 404,
    pod: seen('GET /runs/run-of-nobody'),
  }),
  own({
    name: 'an output of another group',
    target: `${root}/runs/output?filename=of-bob.png`,
    status: 404,
    pod: list(),
  }),
  own({
    name: 'an output that looks like an own one',
    target: `${root}/runs/output?filename=of-ada.jpg`,
    status: 404,
    pod: list(),
  }),
  own({
    name: 'an output whose name starts with the whole name of an own one',
    target: `${root}/runs/output?filename=of-ada.png.bob`,
    status: 404,
    pod: list(),
  }),
  own({
    name: 'an output whose name starts with the name of an own one',
    target: `${root}/runs/output?filename=short-of-ada.bob`,
    status: 200,
    pod: [...list(), ...seen('GET /runs/output?filename=short-of-ada')],
  }),
  own({
    name: 'an output as if it were one without a name',
    target: `${root}/runs/output?filename=undefined`,
    status: 404,
    pod: list(),
  }),
  own({
    name: 'an output of a run that has no group',
    target: `${root}/runs/output?filename=of-nobody.png`,
    status: 404,
    pod: list(),
  }),
  own({
    name: 'a cancel of a run that has no group, as the list tells',
    method: 'POST',
    target: `${root}/runs/listed-of-nobody/cancel`,
    status: 404,
    pod: [...seen('GET /runs/listed-of-nobody'), ...list()],
  }),
  own({
    name: 'an output of a group whose list has no end',
    proxy: 'endless',
    target: `${root}/runs/output?filename=of-bob.png`,
    status: 404,
    pod: Array.from({ length: 50 }, (_, i) => list(i + 1)[0]!.replace('ada', 'endless')),
  }),
  own({
    name: 'a run, while the pod refuses the key',
    target: `${root}/runs/run-of-bob`,
    status: 424,
    pod: seen('GET /runs/run-of-bob'),
    reply: () => ({ status: 401, body: '{"detail":"no"}' }),
  }),
  own({
    name: 'an output, while the pod refuses the key',
    target: `${root}/runs/output?filename=of-bob.png`,
    status: 424,
    pod: list(),
    reply: () => ({ status: 403, body: '{"detail":"no"}' }),
  }),
  // Echoes of the key.
  echo('the key, by codes', (key) => `{"detail":"${coded(key)}!"}`, '{"detail":"[redacted]!"}'),
  echo('the key, by codes, in a result', (key) => `{"data":["${coded(key)}!"]}`, '{"data":["[redacted]!"]}', {
    status: 200,
  }),
  echo(
    'the key, partly by codes',
    (key) => `{"detail":"${coded('f')}${key.slice(1)}"}`,
    '{"detail":"[redacted]"}',
  ),
  echo('the key, by codes, as a name', (key) => `{"${coded(key)}":1}`, '{"[redacted]":1}'),
  echo(
    'the key, by codes, in JSON that breaks off',
    (key) => `{"detail":"${coded(key)}`,
    '{"status":"error","errors":["The pod gave no usable answer"]}',
  ),
  echo(
    'a key with slashes',
    (key) => `{"detail":"${key.replaceAll('/', '\\/')}"}`,
    '{"detail":"[redacted]"}',
    {
      proxy: 'slashed',
    },
  ),
  echo('a short key', (key) => `{"detail":"key ${key}, no"}`, '{"detail":"key [redacted], no"}', {
    proxy: 'short',
  }),
  echo(
    'a short key in a result',
    (key) => `{"data":{"${key}":"${key}"}}`,
    '{"data":{"[redacted]":"[redacted]"}}',
    {
      proxy: 'short',
      status: 200,
    },
  ),
  echo('a short key in a text', (key) => `no key ${key}`, 'no key [redacted]', {
    proxy: 'short',
    type: 'text/plain',
  }),
]

/** The event of a run that has ended. */
const ended = (runId: string) => `id: completed\ndata: {"run_id":"${runId}","status":"completed"}\n\n`
const events = (name: string, more: Partial<Attack>): Attack => ({
  name: `events: ${name}`,
  target: `${root}/runs/done-of-ada/events`,
  status: 200,
  pod: more.status && more.status !== 200 ? nothing : seen('GET /runs/done-of-ada'),
  ...more,
})
const noEvents = (name: string, target: string) => events(name, { target: `${root}/${target}`, status: 404 })
/** The pod echoes the key in a run. */
const echoEvent = (name: string, run: (key: string) => object, answer: string, more: Partial<Attack> = {}) =>
  events(`the key as ${name}`, {
    reply: (key) => ({ status: 200, body: JSON.stringify({ status: 'success', data: run(key) }) }),
    answer,
    ...more,
  })
attacks.push(
  events('of a run that has ended', { answer: ended('done-of-ada') }),
  // Paths.
  noEvents('dot segments for a run, encoded', 'runs/%2e%2e/events'),
  noEvents('dot segments behind an encoded slash', 'runs/..%2fdone-of-ada/events'),
  noEvents('dot segments, encoded twice', 'runs/%252e%252e/events'),
  noEvents('an encoded slash', 'runs/done-of-ada%2fevents'),
  noEvents('an encoded slash in the id', 'runs/a%2fb/events'),
  noEvents('an encoded line break and a header', 'runs/a%0d%0aX-Evil:%201/events'),
  noEvents('an encoded question mark', 'runs/a%3fb/events'),
  noEvents('a path parameter', 'runs/done-of-ada;admin/events'),
  noEvents('the word output as a run', 'runs/output/events'),
  noEvents('no run', 'runs//events'),
  noEvents('a slash at the end', 'runs/done-of-ada/events/'),
  noEvents('more behind it', 'runs/done-of-ada/events/cancel'),
  noEvents('another case', 'runs/done-of-ada/Events'),
  events('dot segments that end where another operation is', {
    target: `${root}/runs/x/events/../../done-of-ada`,
  }),
  events('parameters', {
    target: `${root}/runs/done-of-ada/events?api_key=x&group_id=bob&filename=../a&page=2`,
    answer: ended('done-of-ada'),
  }),
  // Methods and headers.
  ...['HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS'].map((method) => events(method, { method, status: 405 })),
  events('headers that rewrite the request, and a key', {
    headers: {
      'X-HTTP-Method-Override': 'POST',
      'X-Original-URL': '/api/v1/runs',
      'X-API-KEY': 'mine',
      Cookie: 'a=b',
      Accept: 'application/json',
      'Accept-Encoding': 'br',
      Range: 'bytes=0-1',
    },
    answer: ended('done-of-ada'),
  }),
  events('two lengths, to smuggle a request', {
    raw: `GET ${root}/runs/done-of-ada/events HTTP/1.1\r\nHost: x\r\nAuthorization: ${token}\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /admin HTTP/1.1\r\n\r\n`,
    status: 400,
  }),
  events('a line break in the Last-Event-ID', {
    raw: `GET ${root}/runs/done-of-ada/events HTTP/1.1\r\nHost: x\r\nAuthorization: ${token}\r\nLast-Event-ID: a\rX-Api-Key: b\r\n\r\n`,
    status: 400,
  }),
  events('an end as Last-Event-ID', {
    headers: { 'Last-Event-ID': 'completed' },
    status: 204,
    pod: seen('GET /runs/done-of-ada'),
    answer: '',
  }),
  events('no permission', { headers: { Authorization: 'Bearer wrong' }, status: 401 }),
  events('no permission, and an end as Last-Event-ID', {
    headers: { Authorization: 'Bearer wrong', 'Last-Event-ID': 'completed' },
    status: 401,
  }),
  events('a page of another site', { headers: { 'Sec-Fetch-Site': 'cross-site' }, status: 403 }),
  events('an operation that is not allowed', { proxy: 'narrow', status: 403 }),
  // Groups.
  events('of an own run', { proxy: 'pinned', answer: ended('done-of-ada') }),
  ...['run-of-bob', 'run-of-nobody'].flatMap((runId) =>
    [{}, { 'Last-Event-ID': 'completed' }].map((headers: Record<string, string>) =>
      events(`of ${runId}${headers['Last-Event-ID'] ? ', with an end as Last-Event-ID' : ''}`, {
        proxy: 'pinned',
        target: `${root}/runs/${runId}/events`,
        headers,
        status: 404,
        pod: seen(`GET /runs/${runId}`),
        answer: '{"status":"error","errors":["Not Found"]}',
      }),
    ),
  ),
  events('of a run that has no group, as the list tells', {
    proxy: 'pinned',
    target: `${root}/runs/untold/events`,
    status: 404,
    pod: [...seen('GET /runs/untold'), ...list()],
  }),
  events('of an own run, by a group that asks for it', {
    proxy: 'pinned',
    target: `${root}/runs/run-of-bob/events?group_id=bob`,
    status: 404,
    pod: seen('GET /runs/run-of-bob'),
  }),
  events('while the pod refuses the key', {
    status: 424,
    pod: seen('GET /runs/done-of-ada'),
    reply: (key) => ({ status: 401, body: `{"detail":"no ${key}"}` }),
    answer: '{"status":"error","errors":["The pod refused the apiKey of the proxy"]}',
  }),
  events('an error that echoes the key', {
    status: 422,
    pod: seen('GET /runs/done-of-ada'),
    reply: (key) => ({ status: 422, body: `{"detail":"${coded(key)}"}` }),
    answer: '{"detail":"[redacted]"}',
  }),
  events('JSON of more than 16 MiB', {
    status: 502,
    pod: seen('GET /runs/done-of-ada'),
    reply: () => ({ status: 200, body: `{"data":{"status":"${'x'.repeat(17_000_000)}"}}` }),
  }),
  // Echoes of the key.
  echoEvent(
    'a status',
    (key) => ({ status: key }),
    'id: _redacted_\ndata: {"run_id":"done-of-ada","status":"[redacted]"}\n\n',
  ),
  echoEvent(
    'lines of a status',
    (key) => ({ status: `a\n\ndata: ${key}\r\nevent: b` }),
    'id: a__data___redacted___event__b\ndata: {"run_id":"done-of-ada","status":"a\\n\\ndata: [redacted]\\r\\nevent: b"}\n\n',
  ),
  echoEvent(
    'a progress and a position',
    (key) => ({ status: 'queued', progress: key, position: key }),
    'id: queued\ndata: {"run_id":"done-of-ada","status":"queued"}\n\n',
  ),
  echoEvent(
    'a progress of its own form',
    (key) => ({ status: 'running', progress: { value: key, max: key, [key]: key } }),
    'id: running\ndata: {"run_id":"done-of-ada","status":"running"}\n\n',
  ),
  echoEvent(
    'all else',
    (key) => ({
      _id: key,
      run_id: key,
      id: key,
      status: 'completed',
      error: key,
      outputs: [key],
      [key]: key,
    }),
    ended('done-of-ada'),
  ),
  echoEvent(
    'a short status',
    (key) => ({ status: `run ${key}` }),
    'id: run__redacted_\ndata: {"run_id":"done-of-ada","status":"run [redacted]"}\n\n',
    { proxy: 'short' },
  ),
)

/** All that fetch and the proxy send by themselves. */
const usual = [
  'host',
  'connection',
  'accept',
  'accept-language',
  'sec-fetch-mode',
  'user-agent',
  'accept-encoding',
  'x-api-key',
  'content-type',
  'content-length',
  'transfer-encoding',
]
const shown = [
  'content-type',
  'cache-control',
  'x-content-type-options',
  'retry-after',
  'x-request-id',
  'allow',
  'vary',
  'date',
  'connection',
  'keep-alive',
  'transfer-encoding',
  'content-length',
  'x-accel-buffering',
]

let pod: Awaited<ReturnType<typeof recordingPod>>
let proxies: Record<Proxies, Awaited<ReturnType<typeof serveProxy>>>
let sent = 0
let reply: Attack['reply']

const runs = [
  {
    _id: 'run-of-ada',
    status: 'completed',
    outputs: [{ filename: 'of-ada.png' }, { url: 'http://files.test/a-file-without-a-name' }],
  },
  { _id: 'another-of-ada', status: 'completed', output_names: ['short-of-ada'] },
  {
    _id: 'listed-of-nobody',
    group_id: null,
    status: 'completed',
    outputs: [{ filename: 'of-nobody.png' }],
  },
]

test.before(async () => {
  pod = await recordingPod()
  const withKey = (apiKey: string) => createClient({ baseUrl: `${pod.url}/pod`, apiKey, timeoutMs: 60_000 })
  const client = withKey(CANARY)
  const authorize = (request: Request) =>
    request.headers.get('authorization') === token || new Response('Sign in first', { status: 401 })
  const basics = { authorize, basePath: '/api/flowscale', maxBodyBytes, maxDurationMs: 300 }
  proxies = {
    open: await serveProxy(client, basics),
    pinned: await serveProxy(client, { ...basics, authorize: () => ({ groupId: 'ada' }) }),
    endless: await serveProxy(client, { ...basics, authorize: () => ({ groupId: 'endless' }) }),
    short: await serveProxy(withKey(keys.short!), basics),
    slashed: await serveProxy(withKey(keys.slashed!), basics),
    narrow: await serveProxy(client, {
      ...basics,
      allow: { operations: ['executeWorkflow'], workflowIds: ['w'] },
    }),
    cors: await serveProxy(client, { ...basics, cors: ['https://app.test'] }),
  }
  pod.respond = (request, response, { headers }) => {
    if (reply) {
      const { status, body, type = 'application/json' } = reply(headers['x-api-key']!)
      response.writeHead(status, { 'content-type': type }).end(body)
      return
    }
    const { pathname, searchParams } = new URL(request.url!, 'http://x')
    const page = Number(searchParams.get('page'))
    const isEndless = searchParams.get('group_id') === 'endless'
    const data = pathname.endsWith('/run-of-bob')
      ? { _id: 'run-of-bob', group_id: 'bob', status: 'completed' }
      : pathname.endsWith('/run-of-nobody')
        ? { _id: 'run-of-nobody', group_id: null, status: 'completed' }
        : pathname.endsWith('/done-of-ada')
          ? { _id: 'done-of-ada', group_id: 'ada', status: 'completed' }
          : pathname.endsWith('/untold')
            ? { _id: 'untold', status: 'completed' }
            : pathname.endsWith('/runs')
              ? { runs: isEndless ? [{ _id: `run-${page}`, status: 'completed' }] : runs }
              : []
    response.writeHead(200, {
      'content-type': 'application/json',
      'set-cookie': 'pod=1',
      'x-request-id': 'r-1',
      'x-powered-by': 'ComfyUI',
      'x-internal-host': '10.0.0.7',
      server: 'uvicorn',
    })
    response.end(JSON.stringify({ status: 'success', data, meta: { total_pages: isEndless ? 9999 : 1 } }))
  }
})
test.after(async () => {
  await Promise.all(Object.values(proxies).map(({ close }) => close()))
  await pod.close()
})

function bytesOf({ method = 'GET', target, headers = {}, body, raw }: Attack, host: string): string {
  if (raw !== undefined) return raw
  const own = { Host: host, Authorization: token, Connection: 'close', ...headers } as Record<string, string>
  if (body !== undefined && !own['Content-Length'] && !own['Transfer-Encoding']) {
    own['Content-Length'] = `${Buffer.byteLength(body)}`
  }
  const lines = Object.entries(own).map(([name, value]) => `${name}: ${value}\r\n`)
  return `${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n${body ?? ''}`
}

/** Of a request to the pod: where it went, and with the proxy's key and nothing of the caller's. */
function assertClean(answer: RawAnswer, key: string): void {
  for (const { url, headers } of pod.seen) {
    assert.match(url, /^\/pod\/api\/v1\/(comfy|runs)/)
    assert.is(headers['x-api-key'], key, 'the key of the proxy')
    assert.is(headers.host, new URL(pod.url).host, 'the host of the pod')
    assert.equal(
      Object.keys(headers).filter((name) => !usual.includes(name)),
      [],
      'no header of the caller',
    )
    assert.equal(headers['accept-encoding'] === 'br', false)
  }
  const told = Object.keys(answer.headers).filter((name) => !shown.includes(name))
  assert.equal(told, [], 'no header of the pod')
  assertNoCanary(answer, 'an answer')
  assert.not.ok(`${answer.body}${read(answer.body)}`.includes(key), 'the key shows')
}

/** As a page reads it. */
function read(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body))
  } catch {
    return body
  }
}

attacks.forEach((attack, index) => {
  test(`${index + 1}: ${attack.name}`, async () => {
    const { proxy = 'open', status, pod: expected, body_ } = attack
    const { port, host, rejections } = proxies[proxy]
    // What the attack before has left behind comes before this.
    reply = undefined
    await sendRaw(Number(new URL(pod.url).port), 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
    pod.seen.length = 0
    reply = attack.reply
    const answer = await sendRaw(port, bytesOf(attack, host), async (socket) => {
      if (!attack.ends) return
      await until(() => pod.seen.length > 0)
      socket.destroy()
    })
    // What is still on its way to the pod.
    await until(() => pod.seen.every(({ isWhole }) => isWhole !== undefined))
    const arrived = pod.seen.map(({ method, url }) => `${method} ${url}`)
    const whole = pod.seen.filter(({ isWhole }) => isWhole)
    const requests = whole.length > 5 ? `${whole.length} requests` : arrived.join(', ')
    const say = whole.length ? requests : arrived.length ? 'a broken upload' : 'nothing'
    console.log(`[show] ${index + 1}. ${attack.name}: ${answer.status || 'closed'}, pod: ${say}`)
    assert.is(answer.status, status)
    // A broken upload may, or may not, have started to arrive.
    if (expected) assert.equal(arrived, expected)
    else assert.is(whole.length, 0, 'nothing whole')
    if (body_ !== undefined) assert.is(pod.seen.at(-1)!.body.toString('latin1'), body_)
    if (attack.answer !== undefined) assert.is(answer.body, attack.answer)
    assertClean(answer, keys[proxy] ?? CANARY)
    assert.equal(rejections, [])
    sent += whole.length
  })
})

test('the server is of the version that is to be tested', () => {
  assert.is(Response.json({}) instanceof Response, !process.env.HONO_NODE_SERVER)
})

test('none got through', () => {
  const wanted = attacks.flatMap(({ pod = [] }) => pod).length
  console.log(
    `[show] ${attacks.length} attacks; the pod's log: ${sent} requests, ${wanted} of them as the API has them, ${sent - wanted} others`,
  )
  assert.ok(attacks.length >= 40)
  assert.is(sent, wanted)
})

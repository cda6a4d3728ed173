// Attacks on the proxy: raw requests to a real server, and what of them a recording pod gets to see.
import { createClient } from '@flowscale/client'
import type { ProxyOptions } from '@flowscale/client/proxy'
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

const proxyOptions = {
  open: {},
  pinned: { authorize: () => ({ groupId: 'ada' }) },
  endless: { authorize: () => ({ groupId: 'endless' }) },
  reading: { allow: { operations: ['connectEvents'] } },
  narrow: { allow: { operations: ['executeWorkflow'], workflowIds: ['w'] } },
  cors: { cors: ['https://app.test'] },
  short: {},
  slashed: {},
} satisfies Record<string, Partial<ProxyOptions>>
type ProxyName = keyof typeof proxyOptions
const keys: Partial<Record<ProxyName, string>> = { short: 'k3y', slashed: 'fsk/canary/7c1e' }

interface Attack {
  name: string
  proxy: ProxyName
  method: string
  target: string
  headers: Record<string, string>
  body?: string
  /** Instead of all of the above. */
  raw?: string
  /** Goes away once the pod has seen the beginning. */
  ends?: boolean
  status: number
  /** Method and URL of each request that the pod saw. None: an upload that breaks off, of which it may see the start. */
  pod?: string[] | undefined
  /** What arrived in the last one of them. */
  arrived?: string
  /**
   * What the pod answers, with the status `podStatus`, or else `status`. CODED is the key by codes, SLASHED with escaped
   * slashes, and MIXED begins by codes.
   */
  reply?: string
  podStatus?: number
  /** What gets to the caller of that, if it is told. */
  answer?: string
}

const lists = (group: string, page = 1) => `GET /pod/api/v1/runs?group_id=${group}&page=${page}&page_size=100`

/**
 * Attacks as lines: `name | request | status | pod`. A request is a method, a target (`~` is the root of the API) and
 * headers, each after a ` + `; a header without a value is not sent. A value in it has the rest of the attack. An execute
 * sends a form, and the form arrives. A stream of events has the end of its run. The last cell has the requests that the
 * pod sees: `LIST` is the list of the group's runs, with the number of its page, and `?` an upload that breaks off.
 */
const rows =
  (proxy: ProxyName) =>
  ({ raw }: TemplateStringsArray, ...values: Partial<Attack>[]): Attack[] =>
    raw
      .map((text, index) => (index < values.length ? `${text}\0${index}\0` : text))
      .join('')
      .trim()
      .split('\n')
      .map((line) => {
        const cells = line.split('|').map((cell) => cell.trim())
        if (cells.length !== 4) throw new Error(`a row has ${cells.length} cells: ${line}`)
        const [name, request, status, arrives] = cells as [string, string, string, string]
        const [, index] = /\0(\d+)\0/.exec(request) ?? []
        const [first, ...fields] = request
          .replace(/\0\d+\0/, '')
          .trim()
          .split(' + ')
        const [method = '', path = ''] = first!.split(' ')
        const isExecute = /^POST ~\/runs\?/.test(first!)
        const isStream = /\/events(\?|$)/.test(path) && status === '200'
        const headers = Object.fromEntries(fields.map((field) => field.split(/: ?(.*)/) as [string, string]))
        const group = proxy === 'endless' ? 'endless' : 'ada'
        const seen = (line: string) =>
          line.startsWith('LIST')
            ? lists(group, Number(line.slice(4) || 1))
            : line.replace(' /', ' /pod/api/v1/')
        return {
          ...{ name, proxy, method, target: path.replace('~', root), status: Number(status) },
          headers: { ...(isExecute && multipart), ...headers },
          ...(isExecute && { body: form, ...(status === '200' && { arrived: form }) }),
          ...(isStream && event('', 'completed')),
          pod: arrives === '?' ? undefined : arrives.split(', ').filter(Boolean).map(seen),
          ...values[Number(index)],
        }
      })

const chunked = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`
const long = `${part}prompt"\r\n\r\n${'x'.repeat(2 * maxBodyBytes)}\r\n--${boundary}--\r\n`
const ofBob = `${part}group_id"\r\n\r\nbob\r\n${form}`
const admin = 'GET /admin HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'
const rawGet = (path: string, headers: string) => ({
  raw: `GET ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: ${token}\r\n${headers}\r\n\r\n`,
})
const twoLengths = 'Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /admin HTTP/1.1'
const doneEvents = `${root}/runs/done-of-ada/events`
const nullByte = { raw: `GET ${root}/runs/a\0b HTTP/1.1\r\nHost: x\r\n\r\n` }
const smuggled = {
  raw: `POST ${root}/runs?workflow_id=w HTTP/1.1\r\nHost: x\r\nAuthorization: ${token}\r\nContent-Type: multipart/form-data; boundary=b\r\n${twoLengths}\r\n\r\n`,
}
const folded = rawGet(health, 'X-A: b\r\n\tX-Api-Key: c\r\nConnection: close')
const smuggledEvents = rawGet(doneEvents, twoLengths)
const brokenId = rawGet(doneEvents, 'Last-Event-ID: a\rX-Api-Key: b')
const allPages = Array.from({ length: 50 }, (_, index) => lists('endless', index + 1))

/** What the pod says, and what gets to the caller of that. */
const pod = (reply: string, answer: string): Partial<Attack> => ({ reply, answer })
/** What the pod says of the run `done-of-ada` (none: that it has ended), and the id and the fields of the event. */
const event = (run: string, id: string, fields = `"status":"${id}"`): Partial<Attack> => ({
  ...(run && { reply: `{"status":"success","data":${run}}` }),
  answer: `id: ${id}\ndata: {"run_id":"done-of-ada",${fields}}\n\n`,
})
/** What the pod answers to the link of a preview: a text that begins with its type. */
const picture = (type: string, podStatus = 200, length = 100): Partial<Attack> => {
  const reply = `${type} `.padEnd(length, 'x')
  return { reply, podStatus, ...(podStatus === 200 && { answer: reply }) }
}
const noPreview = (podStatus: number) => ({
  ...refused(podStatus),
  answer: errors('There is no such preview'),
})
const unshown = (...all: Parameters<typeof picture>) => ({ ...picture(...all), answer: unusable })
const lines = (key: string) => `{"status":"a\\n\\ndata: ${key}\\r\\nevent: b"}`
const refused = (podStatus: number) => ({ reply: '{"detail":"no KEY"}', podStatus })
const errors = (error: string) => `{"status":"error","errors":["${error}"]}`
const notFound = { answer: errors('Not Found') }
const unusable = errors('The pod gave no usable answer')
const keyRefused = { ...refused(401), answer: errors('The pod refused the apiKey of the proxy') }
const huge = { reply: `{"data":{"status":"${'x'.repeat(17_000_000)}"}}`, podStatus: 200 }

/** Each character by its code, as JSON may have it. */
const coded = (text: string) =>
  text.replace(/./g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`)

const attacks = [
  ...rows('open')`
  dot segments | GET ~/comfy/../../../../../admin | 404 |
  dot segments, encoded | GET ~/comfy/%2e%2e/%2e%2e/admin | 404 |
  dot segments that end where a call is | GET ~/runs/%2e%2e/comfy/health | 200 | GET /comfy/health
  dot segments behind an encoded slash | GET ~/runs/..%2f..%2fadmin | 404 |
  dot segments, encoded with their slash | GET ~/runs/%2e%2e%2fadmin | 404 |
  dot segments, encoded twice | GET ~/runs/%252e%252e%252fadmin | 404 |
  one of them as an id, encoded twice | GET ~/runs/%252e%252e | 404 |
  an encoded backslash | GET ~/runs/..%5c..%5cadmin | 404 |
  a backslash | GET ~/runs/..\..\admin | 400 |
  an encoded slash in an id | GET ~/runs/a%2fcancel | 404 |
  two slashes at the start | GET //api/flowscale/api/v1/comfy/health | 404 |
  two slashes at the start, and a host | GET //evil.test/api/flowscale/api/v1/comfy/health | 404 |
  two slashes within | GET ~//comfy/health | 404 |
  a slash at the end | GET ~/comfy/health/ | 404 |
  a path parameter | GET ~/comfy/health;admin=1 | 404 |
  a path parameter of an id | GET ~/runs/abc;admin | 404 |
  a path parameter, encoded | GET ~/runs/abc%3badmin | 404 |
  an encoded null byte | GET ~/runs/abc%00 | 404 |
  a null byte | - ${nullByte} | 400 |
  an encoded line break and a header | GET ~/runs/a%0d%0aX-Evil:%201 | 404 |
  an encoded question mark | GET ~/runs%3fgroup_id=x | 404 |
  an encoded hash | GET ~/runs/a%23b | 404 |
  a dot in overlong UTF-8 | GET ~/runs/%c0%ae%c0%ae/admin | 404 |
  a full-width slash | GET ~/runs/..%ef%bc%8fadmin | 404 |
  what is no encoding | GET ~/runs/%zz | 404 |
  another case | GET /API/flowscale/api/v1/comfy/health | 404 |
  no base path | GET /api/v1/comfy/health | 404 |
  a longer base path | GET /api/flowscale2/api/v1/comfy/health | 404 |
  what is not of the API | GET ~/comfy/prompt | 404 |
  the WebSocket | GET ~/ws?api_key=x | 404 |
  an absolute URL of another host | GET http://evil.test/api/flowscale/api/v1/comfy/health | 200 | GET /comfy/health
  an absolute URL that leads elsewhere | GET http://evil.test/admin | 404 |
  an absolute URL of another scheme | GET file:///etc/passwd | 400 |
  another Host | GET ~/comfy/health + Host: evil.test | 200 | GET /comfy/health
  DELETE | DELETE ~/runs/abc | 405 |
  PUT | PUT ~/runs | 405 |
  HEAD | HEAD ~/comfy/health | 405 |
  TRACE | TRACE ~/comfy/health + X-Api-Key: mine | 405 |
  OPTIONS | OPTIONS ~/comfy/health | 405 |
  CONNECT | CONNECT evil.test:443 | 0 |
  GET of a cancel | GET ~/runs/abc/cancel | 405 |
  a method in a header and in the query | POST ~/runs/abc/cancel?_method=DELETE + X-HTTP-Method-Override: DELETE + X-Method-Override: DELETE | 200 | POST /runs/abc/cancel
  a key of the caller | GET ~/comfy/health + X-API-KEY: a-key-of-the-caller | 200 | GET /comfy/health
  no permission | GET ~/comfy/health + Authorization: Bearer wrong | 401 |
  cookies | GET ~/comfy/health + Cookie: session=secret; admin=1 | 200 | GET /comfy/health
  hop-by-hop headers | GET ~/comfy/health + Keep-Alive: timeout=9 + TE: trailers + Proxy-Authorization: Basic eA== + Proxy-Connection: keep-alive + Trailer: X-Evil | 200 | GET /comfy/health
  a Connection that names the key | GET ~/comfy/health + Connection: close, X-API-KEY | 200 | GET /comfy/health
  forwarding headers | GET ~/comfy/health + X-Forwarded-For: 127.0.0.1 + X-Forwarded-Host: evil.test + X-Forwarded-Proto: gopher + Forwarded: for=127.0.0.1 + X-Real-IP: 127.0.0.1 | 200 | GET /comfy/health
  headers that rewrite the path | GET ~/comfy/health + X-Original-URL: /admin + X-Rewrite-URL: /admin | 200 | GET /comfy/health
  ranges, conditions, encodings | GET ~/comfy/health + Range: bytes=0-1 + If-None-Match: * + Accept-Encoding: br | 200 | GET /comfy/health
  an upgrade | GET ~/comfy/health + Connection: Upgrade, close + Upgrade: websocket + Sec-WebSocket-Key: eA== | 200 | GET /comfy/health
  Expect | POST ~/runs?workflow_id=w + Expect: 100-continue | 200 | POST /runs?workflow_id=w
  a content-encoding | POST ~/runs?workflow_id=w + Content-Encoding: gzip | 200 | POST /runs?workflow_id=w
  two lengths, to smuggle a request | - ${smuggled} | 400 |
  a header folded over lines | - ${folded} | 400 |
  a parameter twice | POST ~/runs?workflow_id=w&workflow_id=v | 400 |
  a parameter twice, once encoded | POST ~/runs?workflow_id=w&workflow%5Fid=v | 400 |
  a parameter as an array | POST ~/runs?workflow_id[]=w | 422 |
  a parameter in another case | POST ~/runs?Workflow_ID=w | 422 |
  an empty parameter | POST ~/runs?workflow_id= | 422 |
  parameters that are not of the API | POST ~/runs?workflow_id=w&api_key=x&admin=1&__proto__=1 | 200 | POST /runs?workflow_id=w
  parameters in a parameter | POST ~/runs?workflow_id=w%26group_id%3Dall%23 | 200 | POST /runs?workflow_id=w%26group_id%3Dall%23
  a line break in a parameter | POST ~/runs?workflow_id=w%0d%0aX-Evil:1 | 200 | POST /runs?workflow_id=w%0D%0AX-Evil%3A1
  a file name that climbs | GET ~/runs/output?filename=..%2f..%2fetc%2fpasswd | 404 |
  a file name that climbs, encoded twice | GET ~/runs/output?filename=%252e%252e%252fetc | 404 |
  a file name that climbs by backslashes | GET ~/runs/output?filename=..%5c..%5cetc | 404 |
  a file name from the root | GET ~/runs/output?filename=/etc/passwd | 404 |
  a file name with a null byte | GET ~/runs/output?filename=a.png%00.txt | 404 |
  a file name twice | GET ~/runs/output?filename=a&filename=b | 400 |
  no file name | GET ~/runs/output | 422 |
  a form without files, as another site can post it | POST ~/runs?workflow_id=w + Content-Type: application/x-www-form-urlencoded ${{ body: 'prompt=hi' }} | 415 |
  a plain text, as another site can post it | POST ~/runs?workflow_id=w + Content-Type: text/plain | 415 |
  JSON | POST ~/runs?workflow_id=w + Content-Type: application/json ${{ body: '{}' }} | 415 |
  no content type | POST ~/runs?workflow_id=w + Content-Type: | 415 |
  a content type without a boundary | POST ~/runs?workflow_id=w + Content-Type: multipart/form-data | 415 |
  too long, and says so | POST ~/runs?workflow_id=w ${{ body: long }} | 413 |
  too long, says so, and sends little of it | POST ~/runs?workflow_id=w + Content-Length: 1000000 ${{ body: 'x' }} | 413 |
  too long, and does not say so | POST ~/runs?workflow_id=w + Transfer-Encoding: chunked ${{ body: chunked(long) }} | 413 | ?
  no length | POST ~/runs?workflow_id=w + Transfer-Encoding: chunked ${{ body: chunked(form) }} | 200 | POST /runs?workflow_id=w
  longer than it says, with a request behind | POST ~/runs?workflow_id=w + Connection: keep-alive + Content-Length: 105 ${{ body: `${form}${admin}` }} | 200 | POST /runs?workflow_id=w
  shorter than it says | POST ~/runs?workflow_id=w + Content-Length: 999 ${{ ends: true }} | 0 | ?
  a body on a GET | GET ~/comfy/health + Content-Length: 4 ${{ body: 'evil', arrived: '' }} | 200 | GET /comfy/health
  a body on a cancel | POST ~/runs/abc/cancel + Content-Type: application/json ${{ body: '{"group_id":"all"}', arrived: '' }} | 200 | POST /runs/abc/cancel
  a preflight, without CORS | OPTIONS ~/comfy/health + Origin: https://evil.test + Access-Control-Request-Method: GET | 405 |
  events: of a run that has ended | GET ~/runs/done-of-ada/events | 200 | GET /runs/done-of-ada
  events: dot segments for a run, encoded | GET ~/runs/%2e%2e/events | 404 |
  events: dot segments behind an encoded slash | GET ~/runs/..%2fdone-of-ada/events | 404 |
  events: dot segments, encoded twice | GET ~/runs/%252e%252e/events | 404 |
  events: an encoded slash | GET ~/runs/done-of-ada%2fevents | 404 |
  events: an encoded slash in the id | GET ~/runs/a%2fb/events | 404 |
  events: an encoded line break and a header | GET ~/runs/a%0d%0aX-Evil:%201/events | 404 |
  events: an encoded question mark | GET ~/runs/a%3fb/events | 404 |
  events: a path parameter | GET ~/runs/done-of-ada;admin/events | 404 |
  events: the word output as a run | GET ~/runs/output/events | 404 |
  events: no run | GET ~/runs//events | 404 |
  events: a slash at the end | GET ~/runs/done-of-ada/events/ | 404 |
  events: more behind it | GET ~/runs/done-of-ada/events/cancel | 404 |
  events: another case | GET ~/runs/done-of-ada/Events | 404 |
  events: dot segments that end where another operation is | GET ~/runs/x/events/../../done-of-ada | 200 | GET /runs/done-of-ada
  events: parameters | GET ~/runs/done-of-ada/events?api_key=x&group_id=bob&filename=../a&page=2 | 200 | GET /runs/done-of-ada
  events: HEAD | HEAD ~/runs/done-of-ada/events | 405 |
  events: POST | POST ~/runs/done-of-ada/events | 405 |
  events: PUT | PUT ~/runs/done-of-ada/events | 405 |
  events: DELETE | DELETE ~/runs/done-of-ada/events | 405 |
  events: OPTIONS | OPTIONS ~/runs/done-of-ada/events | 405 |
  events: headers that rewrite the request, and a key | GET ~/runs/done-of-ada/events + X-HTTP-Method-Override: POST + X-Original-URL: /api/v1/runs + X-API-KEY: mine + Cookie: a=b + Accept: application/json + Accept-Encoding: br + Range: bytes=0-1 | 200 | GET /runs/done-of-ada
  events: two lengths, to smuggle a request | - ${smuggledEvents} | 400 |
  events: a line break in the Last-Event-ID | - ${brokenId} | 400 |
  events: an end as Last-Event-ID | GET ~/runs/done-of-ada/events + Last-Event-ID: completed ${{ answer: '' }} | 204 | GET /runs/done-of-ada
  events: no permission | GET ~/runs/done-of-ada/events + Authorization: Bearer wrong | 401 |
  events: no permission, and an end as Last-Event-ID | GET ~/runs/done-of-ada/events + Authorization: Bearer wrong + Last-Event-ID: completed | 401 |
  events: a page of another site | GET ~/runs/done-of-ada/events + Sec-Fetch-Site: cross-site | 403 |
  events: while the pod refuses the key | GET ~/runs/done-of-ada/events ${keyRefused} | 424 | GET /runs/done-of-ada
  events: an error that echoes the key | GET ~/runs/done-of-ada/events ${pod('{"detail":"CODED"}', '{"detail":"[redacted]"}')} | 422 | GET /runs/done-of-ada
  events: JSON of more than 16 MiB | GET ~/runs/done-of-ada/events ${huge} | 502 | GET /runs/done-of-ada
  preview: by its signature, without a permission and a key | GET ~/runs/r/preview?number=1&expires=2&signature=3 + Authorization: Bearer wrong + X-API-KEY: mine + Cookie: a=b + Sec-Fetch-Site: cross-site + Range: bytes=0-1 ${picture('image/png')} | 200 | GET /runs/r/preview?number=1&expires=2&signature=3
  preview: as long as it may be | GET ~/runs/r/preview?number=1&expires=2&signature=3 ${picture('image/webp', 200, 204_800)} | 200 | GET /runs/r/preview?number=1&expires=2&signature=3
  preview: longer | GET ~/runs/r/preview?number=1&expires=2&signature=3 ${unshown('image/jpeg', 200, 204_801)} | 502 | GET /runs/r/preview?number=1&expires=2&signature=3
  preview: a picture that can run code | GET ~/runs/r/preview?number=1&expires=2&signature=3 ${unshown('image/svg+xml')} | 502 | GET /runs/r/preview?number=1&expires=2&signature=3
  preview: a page | GET ~/runs/r/preview?number=1&expires=2&signature=3 ${unshown('<html>')} | 502 | GET /runs/r/preview?number=1&expires=2&signature=3
  preview: JSON with the key | GET ~/runs/r/preview?number=1&expires=2&signature=3 ${{ reply: '{"data":"KEY"}', podStatus: 200, answer: unusable }} | 502 | GET /runs/r/preview?number=1&expires=2&signature=3
  preview: a redirect | GET ~/runs/r/preview?number=1&expires=2&signature=3 ${unshown('image/png', 302)} | 502 | GET /runs/r/preview?number=1&expires=2&signature=3
  preview: a picture as an error | GET ~/runs/r/preview?number=1&expires=2&signature=3 ${unshown('image/png', 500)} | 502 | GET /runs/r/preview?number=1&expires=2&signature=3
  preview: a server that wants a key for it | GET ~/runs/r/preview?number=1&expires=2&signature=3 ${{ ...refused(401), answer: unusable }} | 502 | GET /runs/r/preview?number=1&expires=2&signature=3
  preview: a wrong signature | GET ~/runs/r/preview?number=1&expires=2&signature=3 ${noPreview(403)} | 403 | GET /runs/r/preview?number=1&expires=2&signature=3
  preview: of a run that has none | GET ~/runs/r/preview?number=1&expires=2&signature=3 ${noPreview(404)} | 404 | GET /runs/r/preview?number=1&expires=2&signature=3
  preview: no signature | GET ~/runs/r/preview?number=1&expires=2 | 422 |
  preview: a signature twice | GET ~/runs/r/preview?number=1&expires=2&signature=3&signature=4 | 400 |
  preview: parameters | GET ~/runs/r/preview?signature=3&api_key=x&expires=2%26a%3Db&group_id=bob&number=1 ${picture('image/png')} | 200 | GET /runs/r/preview?number=1&expires=2%26a%3Db&signature=3
  preview: dot segments for a run, encoded | GET ~/runs/%2e%2e/preview?number=1&expires=2&signature=3 | 404 |
  preview: an encoded slash in the id | GET ~/runs/a%2fb/preview?number=1&expires=2&signature=3 | 404 |
  preview: the word output as a run | GET ~/runs/output/preview?number=1&expires=2&signature=3 | 404 |
  preview: HEAD | HEAD ~/runs/r/preview?number=1&expires=2&signature=3 | 405 |
  preview: POST | POST ~/runs/r/preview?number=1&expires=2&signature=3 | 405 |
  preview: OPTIONS | OPTIONS ~/runs/r/preview?number=1&expires=2&signature=3 | 405 |
  an echo of the key, by codes | GET ~/comfy/health ${pod('{"detail":"CODED!"}', '{"detail":"[redacted]!"}')} | 422 | GET /comfy/health
  an echo of the key, by codes, in a result | GET ~/comfy/health ${pod('{"data":["CODED!"]}', '{"data":["[redacted]!"]}')} | 200 | GET /comfy/health
  an echo of the key, partly by codes | GET ~/comfy/health ${pod('{"detail":"MIXED"}', '{"detail":"[redacted]"}')} | 422 | GET /comfy/health
  an echo of the key, by codes, as a name | GET ~/comfy/health ${pod('{"CODED":1}', '{"[redacted]":1}')} | 422 | GET /comfy/health
  an echo of the key, by codes, in JSON that breaks off | GET ~/comfy/health ${pod('{"detail":"CODED', unusable)} | 422 | GET /comfy/health
  events: the key as a status | GET ~/runs/done-of-ada/events ${event('{"status":"KEY"}', '_redacted_', '"status":"[redacted]"')} | 200 | GET /runs/done-of-ada
  events: the key as lines of a status | GET ~/runs/done-of-ada/events ${event(lines('KEY'), 'a__data___redacted___event__b', lines('[redacted]').slice(1, -1))} | 200 | GET /runs/done-of-ada
  events: the key as a progress and a position | GET ~/runs/done-of-ada/events ${event('{"status":"queued","progress":"KEY","position":"KEY"}', 'queued')} | 200 | GET /runs/done-of-ada
  events: the key as a progress of its own form | GET ~/runs/done-of-ada/events ${event('{"status":"running","progress":{"value":"KEY","max":"KEY","KEY":"KEY"}}', 'running')} | 200 | GET /runs/done-of-ada
  events: the key as all else | GET ~/runs/done-of-ada/events ${event('{"_id":"KEY","run_id":"KEY","id":"KEY","status":"completed","error":"KEY","outputs":["KEY"],"KEY":"KEY"}', 'completed')} | 200 | GET /runs/done-of-ada
  `,
  ...rows('cors')`
  a preflight of a site that is not listed | OPTIONS ~/comfy/health + Origin: https://evil.test + Access-Control-Request-Method: GET | 405 |
  a site that is not listed | GET ~/comfy/health + Origin: https://app.test.evil.test | 403 |
  `,
  ...rows('narrow')`
  an operation that is not allowed | GET ~/comfy/queue | 403 |
  a workflow that is not allowed | POST ~/runs?workflow_id=other | 403 |
  a workflow that is not allowed, in another case | POST ~/runs?workflow_id=W | 403 |
  a workflow that is not allowed, beside one that is | POST ~/runs?workflow_id=w&workflow_id=other | 400 |
  events: an operation that is not allowed | GET ~/runs/done-of-ada/events | 403 |
  preview: no operation that reads a run is allowed | GET ~/runs/r/preview?number=1&expires=2&signature=3 | 403 |
  `,
  ...rows('reading')`
  preview: the events of a run are allowed | GET ~/runs/r/preview?number=1&expires=2&signature=3 ${picture('image/png')} | 200 | GET /runs/r/preview?number=1&expires=2&signature=3
  `,
  ...rows('pinned')`
  runs of another group | GET ~/runs?group_id=bob | 404 |
  runs of two groups | GET ~/runs?group_id=ada&group_id=bob | 400 |
  runs of two groups, one encoded | GET ~/runs?group_id=ada&group%5fid=bob | 400 |
  runs of another group, in another case | GET ~/runs?Group_Id=bob | 200 | GET /runs?group_id=ada
  runs of all, by an empty group | GET ~/runs?group_id= | 200 | GET /runs?group_id=ada
  another group in another case | GET ~/runs?group_id=ADA | 404 |
  an execute as another caller | POST ~/runs?workflow_id=w&group_id=bob/ada | 200 | POST /runs?workflow_id=w&group_id=ada
  an execute in another group, by the form | POST ~/runs?workflow_id=w ${{ body: ofBob, arrived: ofBob }} | 200 | POST /runs?workflow_id=w&group_id=ada
  a run of another group | GET ~/runs/run-of-bob | 404 | GET /runs/run-of-bob
  a cancel of a run of another group | POST ~/runs/run-of-bob/cancel | 404 | GET /runs/run-of-bob
  a run without a group | GET ~/runs/run-of-nobody | 404 | GET /runs/run-of-nobody
  an output of another group | GET ~/runs/output?filename=of-bob.png | 404 | LIST
  an output that looks like an own one | GET ~/runs/output?filename=of-ada.jpg | 404 | LIST
  an output whose name starts with the whole name of an own one | GET ~/runs/output?filename=of-ada.png.bob | 404 | LIST
  an output whose name starts with the name of an own one | GET ~/runs/output?filename=short-of-ada.bob | 200 | LIST, GET /runs/output?filename=short-of-ada
  an output as if it were one without a name | GET ~/runs/output?filename=undefined | 404 | LIST
  an output of a run that has no group | GET ~/runs/output?filename=of-nobody.png | 404 | LIST
  a cancel of a run that has no group, as the list tells | POST ~/runs/listed-of-nobody/cancel | 404 | GET /runs/listed-of-nobody, LIST
  a run, while the pod refuses the key | GET ~/runs/run-of-bob ${refused(401)} | 424 | GET /runs/run-of-bob
  an output, while the pod refuses the key | GET ~/runs/output?filename=of-bob.png ${refused(403)} | 424 | LIST
  events: of an own run | GET ~/runs/done-of-ada/events | 200 | GET /runs/done-of-ada
  events: of run-of-bob | GET ~/runs/run-of-bob/events ${notFound} | 404 | GET /runs/run-of-bob
  events: of run-of-bob, with an end as Last-Event-ID | GET ~/runs/run-of-bob/events + Last-Event-ID: completed ${notFound} | 404 | GET /runs/run-of-bob
  events: of a run that is not there | GET ~/runs/none/events ${{ ...refused(404), ...notFound }} | 404 | GET /runs/none
  events: of run-of-nobody | GET ~/runs/run-of-nobody/events ${notFound} | 404 | GET /runs/run-of-nobody
  events: of run-of-nobody, with an end as Last-Event-ID | GET ~/runs/run-of-nobody/events + Last-Event-ID: completed ${notFound} | 404 | GET /runs/run-of-nobody
  events: of a run that has no group, as the list tells | GET ~/runs/untold/events | 404 | GET /runs/untold, LIST
  events: of an own run, by a group that asks for it | GET ~/runs/run-of-bob/events?group_id=bob | 404 | GET /runs/run-of-bob
  `,
  ...rows('endless')`
  an output of a group whose list has no end | GET ~/runs/output?filename=of-bob.png ${{ pod: allPages }} | 404 |
  an output of an own run on the second page | GET ~/runs/output?filename=of-run-2 | 200 | LIST1, LIST2, GET /runs/output?filename=of-run-2
  `,
  ...rows('short')`
  an echo of a short key | GET ~/comfy/health ${pod('{"detail":"key KEY, no"}', '{"detail":"key [redacted], no"}')} | 422 | GET /comfy/health
  an echo of a short key in a result | GET ~/comfy/health ${pod('{"data":{"KEY":"KEY"}}', '{"data":{"[redacted]":"[redacted]"}}')} | 200 | GET /comfy/health
  an echo of a short key in a text | GET ~/comfy/health ${pod('no key KEY', 'no key [redacted]')} | 422 | GET /comfy/health
  events: the key as a short status | GET ~/runs/done-of-ada/events ${event('{"status":"run KEY"}', 'run__redacted_', '"status":"run [redacted]"')} | 200 | GET /runs/done-of-ada
  `,
  ...rows('slashed')`
  an echo of a key with slashes | GET ~/comfy/health ${pod('{"detail":"SLASHED"}', '{"detail":"[redacted]"}')} | 422 | GET /comfy/health
  `,
]

/** All that fetch and the proxy send by themselves. */
const usual =
  /^(host|connection|accept|accept-language|accept-encoding|sec-fetch-mode|user-agent|x-api-key|content-type|content-length|transfer-encoding)$/
const shown =
  /^(content-type|cache-control|x-content-type-options|retry-after|x-request-id|allow|vary|date|connection|keep-alive|transfer-encoding|content-length|x-accel-buffering|content-security-policy)$/

const completed = (_id: string, more: object = {}) => ({ _id, status: 'completed', ...more })
const runs = [
  completed('run-of-ada', {
    outputs: [{ filename: 'of-ada.png' }, { url: 'http://files.test/a-file-without-a-name' }],
  }),
  completed('another-of-ada', { output_names: ['short-of-ada'] }),
  completed('listed-of-nobody', { group_id: null, outputs: [{ filename: 'of-nobody.png' }] }),
]
/** What the pod answers by the last part of the path. */
const data: Record<string, unknown> = {
  'run-of-bob': completed('run-of-bob', { group_id: 'bob' }),
  'run-of-nobody': completed('run-of-nobody', { group_id: null }),
  'done-of-ada': completed('done-of-ada', { group_id: 'ada' }),
  untold: completed('untold'),
  runs: { runs },
}

const recorded = await recordingPod()
const proxies = new Map<ProxyName, Awaited<ReturnType<typeof serveProxy>>>()

test.before(async () => {
  const authorize = (request: Request) =>
    request.headers.get('authorization') === token || new Response('Sign in first', { status: 401 })
  const basics = { authorize, basePath: '/api/flowscale', maxBodyBytes, maxDurationMs: 300 }
  for (const [name, options] of Object.entries(proxyOptions) as [ProxyName, Partial<ProxyOptions>][]) {
    const apiKey = keys[name] ?? CANARY
    const client = createClient({ baseUrl: `${recorded.url}/pod`, apiKey, timeoutMs: 60_000 })
    proxies.set(name, await serveProxy(client, { ...basics, ...options }))
  }
})
test.after(async () => {
  for (const { close } of proxies.values()) await close()
  await recorded.close()
})

/** Makes the pod answer as in an attack. */
function prepare({ reply, status, podStatus = status }: Attack, key: string): void {
  recorded.seen.length = 0
  recorded.respond = (request, response) => {
    if (reply) {
      const body = reply
        .replaceAll('KEY', key)
        .replace('CODED', coded(key))
        .replace('SLASHED', key.replaceAll('/', '\\/'))
        .replace('MIXED', coded(key[0]!) + key.slice(1))
      const [type = body.startsWith('{') ? 'application/json' : 'text/plain'] = /^image\/\S+/.exec(body) ?? []
      response.writeHead(podStatus, { 'content-type': type }).end(body)
      return
    }
    const { pathname, searchParams } = new URL(request.url!, 'http://x')
    const page = Number(searchParams.get('page'))
    const isEndless = searchParams.get('group_id') === 'endless'
    const known = isEndless
      ? { runs: [completed(`run-${page}`, { output_names: [`of-run-${page}`] })] }
      : data[pathname.split('/').at(-1)!]
    response.writeHead(200, {
      ...{ 'content-type': 'application/json', 'set-cookie': 'pod=1', 'x-request-id': 'r-1' },
      ...{ 'x-powered-by': 'ComfyUI', 'x-internal-host': '10.0.0.7', server: 'uvicorn' },
    })
    const meta = { total_pages: isEndless ? 9999 : 1 }
    response.end(JSON.stringify({ status: 'success', data: known ?? [], meta }))
  }
}

function bytesOf({ method, target, headers, body, raw }: Attack, host: string): string {
  if (raw !== undefined) return raw
  const own = { Host: host, Authorization: token, Connection: 'close', ...headers } as Record<string, string>
  if (body !== undefined && !own['Content-Length'] && !own['Transfer-Encoding']) {
    own['Content-Length'] = `${Buffer.byteLength(body)}`
  }
  const lines = Object.entries(own).map(([name, value]) => value && `${name}: ${value}\r\n`)
  return `${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n${body ?? ''}`
}

/** Of a request to the pod: where it went, and with the proxy's key and nothing of the caller's. */
function assertClean(answer: RawAnswer, key: string): void {
  for (const { url, headers } of recorded.seen) {
    assert.match(url, /^\/pod\/api\/v1\/(comfy|runs)/)
    const isOpen = url.includes('/preview?')
    assert.is(headers['x-api-key'], isOpen ? undefined : key, 'the key of the proxy')
    assert.is(headers.host, new URL(recorded.url).host, 'the host of the pod')
    for (const name in headers) assert.match(name, usual, 'no header of the caller')
    assert.is.not(headers['accept-encoding'], 'br')
  }
  for (const name in answer.headers) assert.match(name, shown, 'no header of the pod')
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

for (const [index, attack] of attacks.entries()) {
  test(`${index + 1}: ${attack.name}`, async () => {
    const { proxy, status, pod: expected, arrived } = attack
    const { port, host, rejections } = proxies.get(proxy)!
    // What the attack before has left behind comes before this.
    await sendRaw(Number(new URL(recorded.url).port), admin)
    const key = keys[proxy] ?? CANARY
    prepare(attack, key)
    const answer = await sendRaw(port, bytesOf(attack, host), async (socket) => {
      if (!attack.ends) return
      await until(() => recorded.seen.length > 0)
      socket.destroy()
    })
    // What is still on its way to the pod.
    await until(() => recorded.seen.every(({ isWhole }) => isWhole !== undefined))
    assert.is(answer.status, status)
    // A broken upload may, or may not, have started to arrive.
    if (expected) {
      assert.equal(
        recorded.seen.map(({ method, url }) => `${method} ${url}`),
        expected,
      )
    } else
      assert.not.ok(
        recorded.seen.some(({ isWhole }) => isWhole),
        'nothing whole',
      )
    if (arrived !== undefined) assert.is(recorded.seen.at(-1)!.body.toString('latin1'), arrived)
    if (attack.answer !== undefined) assert.is(answer.body, attack.answer)
    assertClean(answer, key)
    assert.equal(rejections, [])
  })
}

test('the server is of the version that is to be tested', () => {
  assert.is(Response.json({}) instanceof Response, !process.env.HONO_NODE_SERVER)
})

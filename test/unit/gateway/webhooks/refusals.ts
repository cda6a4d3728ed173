// Addresses that no webhook may reach, and those of two hosts that an operator has named; played in each runtime.
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type LookupFunction } from 'node:net'
import { postWebhook } from '../../../../packages/gateway/src/webhooks/post.ts'

/** `PORT` is that of a server on all addresses of this machine. Hosts are those of `https:` where nothing else is said. */
const literals = `
127.0.0.1 127.1 127.0.1 127.0.0.1. 127.255.255.254 2130706433 0x7f000001 0x7f.1 0X7F.0x0.0x0.0x1 017700000001 0177.0.0.01
0 00 0.0.0.0 １２７.０.０.１ 127。0。0。1 %31%32%37.0.0.1 localhost LOCALHOST localhost. a.localhost
[::1] [0:0:0:0:0:0:0:1] [::] [::ffff:127.0.0.1] [::ffff:7f00:1] [0:0:0:0:0:ffff:127.0.0.1] [::127.0.0.1] [::ffff:0:127.0.0.1]
[64:ff9b::127.0.0.1] [64:ff9b:1::7f00:1] [2002:7f00:1::] [2001:0:7f00:1::] [fe80::1] [fec0::1] [fc00::1] [fdff::1] [ff02::1] [100::1]
10.0.0.1 172.16.0.1 172.31.255.255 192.168.0.1 169.254.169.254 100.64.0.1 100.127.255.255 198.19.0.1 192.0.0.1 224.0.0.1 255.255.255.255
user@127.0.0.1 8.8.8.8@127.0.0.1 http://127.0.0.1 http://open.test ftp://127.0.0.1 https:127.0.0.1 https:\\\\127.0.0.1 //127.0.0.1`

/** What a lookup of a name gives, at one time after the other. 3ffe::1 is global, and no network has it. */
const names: Record<string, string[][]> = {
  ...{ loopback: [['127.0.0.1']], loopback6: [['::1']], all: [['0.0.0.0', '::']], bad: [['', 'a name']] },
  ...{ mapped: [['::ffff:127.0.0.1']], hex: [['::ffff:7f00:1']], nat64: [['64:ff9b::7f00:1']] },
  ...{
    '6to4': [['2002:7f00:1::1']],
    zone: [['fe80::1%lo']],
    metadata: [['169.254.169.254', 'fd00:ec2::254']],
  },
  ...{ lan: [['10.1.2.3', '192.168.1.1', '172.20.0.1']], mixed: [['3ffe::1', '127.0.0.1', '::1']] },
  ...{ changes: [['3ffe::1'], ['127.0.0.1']], back: [['127.0.0.1'], ['3ffe::1']] },
}

export interface Played {
  tried: number
  /** Where a refusal was none. */
  wrong: string[]
  /** How many connections there were to this machine. */
  reached: number
  /** What the named hosts got. */
  got: string[]
}

export async function playRefusals(): Promise<Played> {
  const played: Played = { tried: 0, wrong: [], reached: 0, got: [] }
  const forbidden = createTcpServer((socket) => {
    played.reached++
    socket.destroy()
  }).listen(0)
  await once(forbidden, 'listening')
  const { port } = forbidden.address() as AddressInfo
  const named = createServer(async (request: IncomingMessage, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const { host, 'webhook-id': id, 'content-type': type } = request.headers
    played.got.push(`${request.method} ${host!.replace(/\d+$/, 'PORT')}${request.url} ${type} ${id} ${body}`)
    const status = Number(request.url!.slice(1))
    response.writeHead(status, { location: `http://127.0.0.1:${port}/`, 'retry-after': '7' }).end()
  }).listen(0, '127.0.0.1')
  await once(named, 'listening')
  const { port: namedPort } = named.address() as AddressInfo
  const hosts = [`127.0.0.1:${namedPort}`, `named.test:${namedPort}`]

  let lookups = 0
  const resolve = async (name: string): Promise<string[]> => {
    const answers = names[name.replace('.test', '')]!
    return answers[Math.min(lookups++, answers.length - 1)]!
  }
  const lookup: LookupFunction = (_, __, callback) => callback(null, [{ address: '127.0.0.1', family: 4 }])
  const post = async (address: string, right: RegExp) => {
    lookups = 0
    const attempt = { address, headers: { 'webhook-id': 'msg_1' }, body: '{"a":"é"}', hosts }
    const outcome = JSON.stringify(await postWebhook(attempt, { lookup, resolve }))
    played.tried++
    if (lookups > 1 || !right.test(outcome)) played.wrong.push(`${address}: ${outcome}, ${lookups} lookups`)
  }
  const refused = /^{"error":"webhook_url must/
  for (const literal of literals.trim().split(/\s+/)) {
    await post(`${/^(\w+:|\/)/.test(literal) ? '' : 'https://'}${literal}:${port}/hook`, refused)
  }
  for (const name of Object.keys(names)) {
    const right = /^(changes|mixed)$/.test(name) ? /^{"error":"The request failed \(E\w+\)"}$/ : refused
    await post(`https://${name}.test:${port}/hook`, right)
  }
  // `hosts` names a port, too.
  await post(`https://127.0.0.1:${port}/hook`, refused)
  for (const status of [204, 301, 302, 303, 307, 308])
    await post(
      `http://127.0.0.1:${namedPort}/${status}`,
      new RegExp(`^{"status":${status},"retryAfterMs":7000}$`),
    )
  await post(`http://named.test:${namedPort}/200`, /^{"status":200,/)
  for (const server of [forbidden, named]) server.close()
  return played
}

/** But for `tried`, of which there are 60 and more. */
export const right: Omit<Played, 'tried'> = {
  wrong: [],
  reached: 0,
  got: [204, 301, 302, 303, 307, 308, 200].map(
    (status) =>
      `POST ${status === 200 ? 'named.test' : '127.0.0.1'}:PORT/${status} application/json msg_1 {"a":"é"}`,
  ),
}

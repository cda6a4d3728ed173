// Refuses addresses of webhooks in the gateway's own network, unless the operator names their host.
import { Resolver } from 'node:dns/promises'
import { BlockList, isIP, type LookupFunction } from 'node:net'
import { EngineError } from '../engine.ts'
import { isAmong } from '../openUrl.ts'

const listOf = (family: 'ipv4' | 'ipv6', subnets: string): BlockList => {
  const list = new BlockList()
  for (const subnet of subnets.split(' ')) {
    const [net = '', prefix] = subnet.split('/')
    list.addSubnet(net, Number(prefix), family)
  }
  return list
}

const REFUSED_IPV4 = listOf(
  'ipv4',
  '0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/3',
)
/** All other IPv6 is loopback, private, local, multicast, or IPv4 in another form, such as `::ffff:0:0/96` and `64:ff9b::/96`. */
const GLOBAL_IPV6 = listOf('ipv6', '2000::/3')
/** Of these, two have IPv4 within: Teredo, and `2002::/16`. */
const REFUSED_IPV6 = listOf('ipv6', '2001::/23 2001:db8::/32 2002::/16 3fff::/20')

function isRefused(ip: string): boolean {
  // The `BlockList` of Bun 1.2.10 finds nothing: there, all addresses are refused.
  if (!REFUSED_IPV4.check('127.0.0.1', 'ipv4')) return true
  if (isIP(ip) === 4) return REFUSED_IPV4.check(ip, 'ipv4')
  // Only local addresses have a zone.
  return ip.includes('%') || !GLOBAL_IPV6.check(ip, 'ipv6') || REFUSED_IPV6.check(ip, 'ipv6')
}

const refusal = (why: string): EngineError =>
  new EngineError(422, `webhook_url ${why}, unless --webhook-hosts names its host, or its host and port`)
const privateAddress = (): EngineError => refusal('must not lead to a private address')

/** Whether the operator has named the host of an address, or this port of it. */
export const isNamed = (url: URL, hosts: readonly string[]): boolean =>
  isAmong(url, hosts) || hosts.some((host) => host.toLowerCase() === url.hostname)

/** The URL of an address that webhooks may go to, as far as this is known without a lookup. `hosts` names exceptions. */
export function checkAddress(address: string, hosts: readonly string[]): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined
  if (!url || !/^https?:$/.test(url.protocol))
    throw new EngineError(422, 'webhook_url must be an address such as https://example.com/hook')
  if (url.username || url.password)
    throw new EngineError(422, 'webhook_url must not have a user name or a password')
  if (isNamed(url, hosts)) return url
  if (url.protocol !== 'https:') throw refusal('must begin with https:')
  // `URL` has written each form of an IPv4 address with four numbers.
  const host = url.hostname.replace(/^\[|\]$/g, '')
  if (isIP(host) ? isRefused(host) : /(^|\.)localhost\.?$/.test(host)) throw privateAddress()
  return url
}

/** The addresses of a name. `dns.lookup` has few threads: names whose servers hang would block all others. */
export async function resolveName(
  name: string,
  resolver: Pick<Resolver, 'resolve4' | 'resolve6'> = new Resolver({ timeout: 2000, tries: 2 }),
): Promise<string[]> {
  const asked = [resolver.resolve4(name), resolver.resolve6(name)]
  const answers = await Promise.allSettled(asked)
  const found = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []))
  return found.length > 0 ? found : asked[0]!
}

/** Looks a name up for a connection, which then goes to the very addresses that were found and are not refused. */
export const lookupPublic =
  (resolve: (name: string) => Promise<string[]>): LookupFunction =>
  (name, { all }, callback) => {
    const give = (found: string[]): void => {
      const allowed = found
        .filter((ip) => !isRefused(ip))
        .map((address) => ({ address, family: isIP(address) }))
      if (!allowed[0]) callback(privateAddress(), [])
      else if (all) callback(null, allowed)
      else callback(null, allowed[0].address, allowed[0].family)
    }
    resolve(name).then(give, (error) => callback(error, []))
  }

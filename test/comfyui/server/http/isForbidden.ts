import type { IncomingMessage } from 'node:http'

const isLoopback = (name: string): boolean =>
  name === 'localhost' || name === '[::1]' || /^127(\.\d+){3}$/.test(name)

/** Whether a request comes from a page of another origin: then any route answers 403. */
export function isForbidden({ headers }: IncomingMessage): boolean {
  const { host, origin } = headers
  if (!host || !origin) return false
  const [, originName = '', originPort] = /^[a-z]+:\/\/(.*?)(?::(\d+))?\/?$/i.exec(origin.toLowerCase()) ?? []
  const [, hostName = '', hostPort] = /^(.*?)(?::(\d+))?$/.exec(host.toLowerCase()) ?? []
  if (!originName || !isLoopback(hostName)) return false
  return originName !== hostName || (!!originPort && !!hostPort && originPort !== hostPort)
}

// Opens the file at the URL of an input, on the allowed hosts only.
import { type IncomingFile, InputError } from './engine.ts'

const REDIRECTS = 3
const TIMEOUT_MS = 30_000

/** Opens a file on one of the hosts that files may be read from, and on no other. */
export async function openUrl(
  hosts: readonly string[],
  input: string,
  address: string,
  signal: AbortSignal,
): Promise<IncomingFile> {
  const refuse = (msg: string): InputError =>
    new InputError([{ loc: ['body', input], msg, type: 'value_error' }])
  let url = parse(address)
  for (let redirects = 0; ; redirects++) {
    if (!url || !isAllowed(url, hosts)) {
      throw refuse(
        redirects > 0
          ? 'The address redirects to a host that files are not read from'
          : 'Files are not read from this address: upload the file',
      )
    }
    const response = await open(url, signal)
    if (response?.status === 200 && response.body) {
      return { name: url.pathname, type: response.headers.get('content-type') ?? '', body: response.body }
    }
    await response?.body?.cancel()
    const { status = 0 } = response ?? {}
    const to = status >= 300 && status < 400 && response!.headers.get('location')
    if (!to) throw refuse(`The file could not be read from its address${status ? ` (status ${status})` : ''}`)
    if (redirects === REDIRECTS) throw refuse(`The address redirects more than ${REDIRECTS} times`)
    url = parse(to, url)
  }
}

/** The time-out covers the head only: the body comes at the pace of the upload. */
async function open(url: URL, signal: AbortSignal): Promise<Response | undefined> {
  const timeout = new AbortController()
  const timer = setTimeout(() => timeout.abort(), TIMEOUT_MS)
  try {
    return await fetch(url, { redirect: 'manual', signal: AbortSignal.any([signal, timeout.signal]) })
  } catch {
    signal.throwIfAborted()
    return undefined
  } finally {
    clearTimeout(timer)
  }
}

function isAllowed(url: URL, hosts: readonly string[]): boolean {
  const { protocol, username, password } = url
  return /^https?:$/.test(protocol) && !username && !password && isAmong(url, hosts)
}

/** A host without a port has the port of its scheme. */
export function isAmong({ protocol, host, hostname, port }: URL, hosts: readonly string[]): boolean {
  const full = `${hostname}:${port || (protocol === 'https:' ? 443 : 80)}`
  return hosts.some((allowed) => [host, full].includes(allowed.toLowerCase()))
}

function parse(address: string, base?: URL): URL | undefined {
  return URL.canParse(address, base) ? new URL(address, base) : undefined
}

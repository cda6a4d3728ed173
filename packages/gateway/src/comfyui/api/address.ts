// Reads the address of a ComfyUI, and the headers for it.
import { isObject, must, type Rule } from '../../options.ts'
import { toBase64 } from '../../runtime.ts'

/** A ComfyUI's address without its login, and the header that the login becomes. */
interface Address {
  /** As `URL` writes it, without a `/` at the end: two spellings of one address must not look like two servers. */
  readonly url: string
  readonly login: Readonly<Record<string, string>>
}

/** Reads `http://user:password@host`; `undefined` for anything but an http(s) address. `fetch` refuses logins in addresses. */
export function readAddress(text: unknown): Address | undefined {
  try {
    const url = new URL(text as string)
    const { protocol, username, password } = url
    if (typeof text !== 'string' || !/^https?:$/.test(protocol) || /[?#]/.test(text)) return undefined
    const bytes = new TextEncoder().encode(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`)
    url.username = url.password = ''
    const authorization = `Basic ${toBase64(bytes)}`
    return {
      url: url.href.replace(/\/+$/, ''),
      login: username + password === '' ? {} : { authorization },
    }
  } catch {
    // `URL` takes a login with a bare `%`, which can't be decoded.
    return undefined
  }
}

/** The names of headers that a caller may give. The request itself sets the others. */
const NAME =
  /^(?!(?:connection|content-.*|expect|host|keep-alive|sec-websocket-.*|te|trailer|transfer-encoding|upgrade)$)[\w!#$%&'*+.^`|~-]+$/i
/** Values that every runtime sends unchanged. */
const VALUE = /^(?!\s)[\t -~\x80-\xff]*[!-~\x80-\xff]$/

export const isHeader = (name: string, value: unknown): boolean =>
  NAME.test(name) && typeof value === 'string' && VALUE.test(value)

/** JSON and addresses write no character of the key in another way, so the key is found in them. */
export const comfyKey: Rule = must(
  'a key from platform.comfy.org: 16 to 1,000 of A-Z, a-z, 0-9 and "._~-"',
  (value) => typeof value === 'string' && /^[\w.~-]{16,1000}$/.test(value),
)

export const headers: Rule = must(
  'an object of HTTP headers that can be sent, without those that a request sets itself, such as "host"',
  (value) => isObject(value) && Object.entries(value).every(([name, text]) => isHeader(name, text)),
)

import { request } from 'node:http'

export interface Answer {
  status: number
  headers: Record<string, string>
  body: Buffer
}

/** A request with any headers, `Host` and `Origin` included; `undefined` where there is no answer. */
export function call(
  url: string,
  method: string,
  headers: Record<string, string> = {},
  body: Uint8Array | string = '',
): Promise<Answer | undefined> {
  return new Promise((resolve) => {
    const sent = request(url, { method, headers }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk) => chunks.push(chunk))
      response.on('error', () => resolve(undefined))
      response.on('end', () => {
        const shown = Object.entries(response.headers).map(([name, value]) => [name, String(value)])
        const { statusCode: status = 0 } = response
        resolve({ status, headers: Object.fromEntries(shown), body: Buffer.concat(chunks) })
      })
    })
    sent.on('error', () => resolve(undefined))
    sent.end(body)
  })
}

import { listen } from './listen.ts'

/** A webhook as it came. */
export interface Received {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** A server that keeps each webhook, and answers with these statuses, the last one again and again. */
export async function receiveWebhooks(listening: typeof listen = listen, statuses: number[] = [204]) {
  const received: Received[] = []
  const server = await listening(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    received.push({ url: request.url!, headers: request.headers as Record<string, string>, body })
    response.writeHead(statuses.length > 1 ? statuses.shift()! : statuses[0]!).end()
  })
  return { received, ...server }
}

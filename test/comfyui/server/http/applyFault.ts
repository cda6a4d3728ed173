import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import type { Fault } from '../types.ts'

/** Takes the first fault that a request is for. */
export function takeFault(faults: Fault[], method: string, path: string): Fault | undefined {
  const target = `${method} ${path.replace(/^\/api(?=\/)/, '')}`
  const fault = faults.find(({ on, times }) => target.startsWith(on) && times !== 0)
  if (fault?.times) fault.times--
  return fault
}

/** Before the request is done: whether it is over with that. */
export async function spoilBefore(
  fault: Fault | undefined,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<boolean> {
  switch (fault?.do) {
    case 'reset-before':
      request.socket.resetAndDestroy()
      return true
    case 'hang-before':
      return true
    case 'slow':
      await wait(fault.ms ?? 1000)
      return false
    case 'status':
      request.resume()
      response.writeHead(fault.status ?? 500, { 'Content-Type': 'text/plain; charset=utf-8' })
      response.end(`${fault.status ?? 500}: refused`)
      return true
    case 'html':
      request.resume()
      response.writeHead(200, { 'Content-Type': 'text/html' }).end('<!doctype html><title>Sign in</title>')
      return true
    case 'nonsense':
      request.resume()
      response.writeHead(200, { 'Content-Type': 'application/json' }).end('{"prompt_id": ')
      return true
    default:
      return false
  }
}

/** After it is done, instead of the answer: whether it is over with that. */
export function spoilAfter(fault: Fault | undefined, request: IncomingMessage): boolean {
  if (fault?.do === 'reset-after') request.socket.resetAndDestroy()
  return fault?.do === 'reset-after' || fault?.do === 'hang-after'
}

import { isCount, isFunction, isMs, type Rule, requestRules } from '../internal/options.ts'
import type { WebSocketOptions } from './types.ts'

const ways = ['auto', 'header', 'query', 'none']
const isBoolean: Rule = (value) => value === !!value || 'a boolean'
/** Whether runtimes accept the name in a header. */
const isProtocol = (value: unknown) => typeof value === 'string' && /^[\w!#$%&'*+.^`|~-]+$/.test(value)

export const socketRules: Record<keyof WebSocketOptions, Rule> = {
  url: (value) =>
    typeof value === 'string' || value instanceof URL || isFunction(value) === true || 'a URL or a function',
  protocols: (value) => [value].flat().every(isProtocol) || 'a legal name or an array of them',
  auth: (value) => ways.includes(value) || `one of ${ways}`,
  WebSocket: isFunction,
  onOpen: isFunction,
  onMessage: isFunction,
  onClose: isFunction,
  onError: isFunction,
  onReconnect: isFunction,
  reconnect: isBoolean,
  reconnectInterval: isMs,
  maxReconnectAttempts: (value) => value === Infinity || isCount(value),
  idleTimeoutMs: isMs,
  ping: () => true,
  signal: requestRules.signal,
}

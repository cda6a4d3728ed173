export { createProxyHandler } from './createProxyHandler.ts'
export type { ProxyOperation, ProxyOptions, ProxyPermission } from './types.ts'

export { createProxyHandler, type ProxyOptions, type ProxyPermission } from './createProxyHandler.ts'
export type { ProxyOperation } from './routes.ts'
export { type NodeRequest, type NodeResponse, toNodeHandler } from './toNodeHandler.ts'

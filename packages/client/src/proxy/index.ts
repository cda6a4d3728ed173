export { createProxyHandler } from './createProxyHandler.ts'
export type { NodeRequest, NodeResponse } from './nodeTypes.ts'
export { toNodeHandler } from './toNodeHandler.ts'
export type { ProxyOperation, ProxyOptions, ProxyPermission } from './types.ts'

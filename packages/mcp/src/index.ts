export { createMcp, type Mcp } from './createMcp.ts'
export type { McpOptions } from './options.ts'

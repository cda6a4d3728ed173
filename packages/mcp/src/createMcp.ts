// The server: the same tools over stdio and HTTP.
import { readFileSync } from 'node:fs'
import type { Client } from '@flowscale/client'
import {
  type CallToolResult,
  createMcpHandler,
  DEFAULT_NEGOTIATED_PROTOCOL_VERSION,
  Server,
} from '@modelcontextprotocol/server'
import { serveStdio } from '@modelcontextprotocol/server/stdio'
import { createAccess } from './createAccess.ts'
import { createCatalog, TTL_MS } from './createCatalog.ts'
import { createTools, type Tools } from './createTools.ts'
import { type McpOptions, readOptions } from './options.ts'
import { describeError } from './results.ts'

/** Workflows as tools of the Model Context Protocol. */
export interface Mcp {
  /** Answers a request to `/mcp`. It checks token, host and origin. */
  fetch(request: Request): Promise<Response>
  /** Serves the host at stdin and stdout of this process. */
  serveStdio(): { close(): Promise<void> }
  /** Ends the calls over HTTP. Runs go on. */
  close(): Promise<void>
}

/**
 * Makes a tool of each workflow, for agents. Make the client with `idempotency: idempotencyWhereKept()`: then a call with a
 * `request_key` starts one run, however often the host makes it.
 *
 * @throws `ArgumentError` of `@flowscale/client` if an option is wrong
 *
 * @example
 * ```ts
 * const mcp = createMcp(client, { token: 'a-token-of-your-choice' })
 * export default { fetch: mcp.fetch }
 * ```
 */
export function createMcp(client: Client, options: McpOptions = {}): Mcp {
  const settings = readOptions(options)
  const catalog = createCatalog(client, settings)
  const { onError } = settings
  const distant = createTools(client, catalog, { ...settings, files: undefined }, false)
  const refusalOf = createAccess(settings)
  const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  const { version }: { version: string } = JSON.parse(manifest)
  const http = createMcpHandler(() => createServer(version, distant, onError), { onerror: onError })
  return {
    fetch: async (request) => refusalOf(request.headers, request.url) ?? http.fetch(request),
    serveStdio() {
      const local = createTools(client, catalog, settings, true)
      return serveStdio(() => createServer(version, local, onError), { onerror: onError })
    },
    close: () => http.close(),
  }
}

/** The first revision of the protocol that has `resource_link`. Hosts of earlier ones refuse a result that holds one. */
const FIRST_WITH_LINKS = '2025-06-18'

function createServer(version: string, tools: Tools, onError: (error: Error) => void): Server {
  const server = new Server(
    { name: 'flowscale', title: 'FlowScale', version },
    {
      capabilities: { tools: {} },
      cacheHints: { 'tools/list': { ttlMs: TTL_MS } },
      instructions:
        'Each workflow is a tool. A run costs money, goes on without you, and has an id: wait for it with wait_run. ' +
        'Do not start a run again because its result is late.',
    },
  )
  server.setRequestHandler('tools/list', async () => ({ tools: await tools.list() }))
  server.setRequestHandler('tools/call', async ({ params }, context): Promise<CallToolResult> => {
    // Over HTTP, a host of an earlier revision names it with each request, or is too old to name it.
    const revision =
      server.getNegotiatedProtocolVersion() ??
      context.http?.req?.headers.get('mcp-protocol-version') ??
      DEFAULT_NEGOTIATED_PROTOCOL_VERSION
    try {
      const result = await tools.call(params.name, params.arguments ?? {}, context)
      if (revision >= FIRST_WITH_LINKS) return result
      // The first text has the links, too.
      return { ...result, content: result.content.filter(({ type }) => type !== 'resource_link') }
    } catch (error) {
      return describeError(error, onError)
    }
  })
  return server
}

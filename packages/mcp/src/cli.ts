#!/usr/bin/env node
// The command `flowscale-mcp`: tools over stdio, or over HTTP with --listen.
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { parseArgs } from 'node:util'
import { toNodeHandler } from '@modelcontextprotocol/node'
import { connect } from '../../flowscale/src/command/connect.ts'
import { createAccess } from './createAccess.ts'
import { createMcp } from './createMcp.ts'

const help = `Usage: flowscale-mcp [options]

Your workflows as tools for agents, by the Model Context Protocol: over stdin and stdout, or over HTTP with --listen.

  --url <url>               the address (default: FLOWSCALE_API_URL)
  --api-key <key>           the key (default: FLOWSCALE_API_KEY)
  --workflows <a,b>         the ids or names of the workflows (default: all)
  --group <name>            the group of the runs (default: mcp)
  --reply-after <seconds>   how long a call waits; then it answers with the id of the run (default: 45)
  --files <dir>             a folder with files that a call over stdio may name
  --input-hosts <a,b>       hosts whose https: addresses a call may give for a file
  --listen <[host:]port>    serve http://127.0.0.1:port/mcp, or another host
  --token <text>            the token of the clients (default: FLOWSCALE_MCP_TOKEN, or a new one, which is printed)
  --hosts <a,b>             names in the header Host that are allowed besides those of this machine
  -h, --help, --version
`

class UsageError extends Error {}

const say = (text: string): void => void process.stderr.write(`flowscale-mcp: ${text}\n`)

const text = { type: 'string' } as const
const flags = {
  ...{ url: text, 'api-key': text, workflows: text, group: text, 'reply-after': text, files: text },
  ...{ 'input-hosts': text, listen: text, token: text, hosts: text },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
} as const

const listOf = (given: string | undefined) =>
  given
    ?.split(',')
    .map((item) => item.trim())
    .filter(Boolean)

/** What the process does until it is told to stop. */
async function start(): Promise<(() => Promise<void>) | undefined> {
  const { values } = readFlags()
  if (values.help) return void process.stdout.write(help)
  if (values.version) {
    const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
    return void process.stdout.write(`${JSON.parse(manifest).version}\n`)
  }
  const { url, 'api-key': apiKey, listen, files } = values
  const seconds = values['reply-after'] === undefined ? undefined : Number(values['reply-after'])
  if (listen !== undefined && files !== undefined)
    throw new UsageError('--files is for stdio, and not for --listen.')
  if (listen === undefined && (values.token ?? values.hosts) !== undefined)
    throw new UsageError('--token and --hosts are for --listen.')
  const place = listen === undefined ? undefined : readPlace(listen)
  const { client } = connect(
    { ...(url !== undefined && { url }), ...(apiKey !== undefined && { apiKey }) },
    // Nobody waits before a terminal.
    { note() {} },
  )
  const set = values.token ?? process.env.FLOWSCALE_MCP_TOKEN
  const token = set || randomBytes(24).toString('base64url')
  const hosts = listOf(values.hosts)
  const mcp = createMcp(client, {
    ...{ workflows: listOf(values.workflows), groupId: values.group, files },
    ...{ inputHosts: listOf(values['input-hosts']), hosts, token },
    replyAfterMs: seconds === undefined ? undefined : seconds * 1000,
    onError: ({ message }) => say(message),
  })
  if (!place) return mcp.serveStdio().close
  const handle = toNodeHandler(mcp, { onerror: ({ message }) => say(message) })
  const refusalOf = createAccess({ token, hosts })
  const server = createServer((request, response) => {
    const refusal = refusalOf(new Headers(request.headers as Record<string, string>))
    if (!refusal) return void handle(request as never, response)
    // Before the body is read: strangers could send any number of bodies at once.
    response.writeHead(refusal.status, { ...Object.fromEntries(refusal.headers), connection: 'close' })
    void refusal.text().then((text) => response.end(text))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(place.port, place.host, resolve)
  })
  const { address, port } = server.address() as { address: string; port: number }
  say(`Listening on http://${address.includes(':') ? `[${address}]` : address}:${port}/mcp`)
  if (!set) say(`The token is ${token}`)
  return async () => {
    await mcp.close()
    server.closeAllConnections()
    server.close()
  }
}

function readFlags() {
  try {
    return parseArgs({ options: flags, strict: true })
  } catch (error) {
    throw new UsageError(`${(error as Error).message.split('. ')[0]}. --help lists the options.`)
  }
}

function readPlace(listen: string): { host: string; port: number } {
  const [, host = '127.0.0.1', digits] = /^(?:\[?([\w.:-]+?)\]?:)?(\d{1,5})$/.exec(listen) ?? []
  const port = Number(digits)
  if (!(port <= 65_535)) throw new UsageError('--listen must be a port, or host:port, such as 4191.')
  return { host, port }
}

process.stderr.on('error', () => {})
try {
  const stop = await start()
  // The second signal ends the process at once.
  if (stop) for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void stop())
} catch (error) {
  say((error as Error).message)
  process.exitCode = error instanceof UsageError || Object(error).failure === 'usage' ? 2 : 1
}

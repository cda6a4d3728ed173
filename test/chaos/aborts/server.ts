// A slow server in a process of its own, so that its sockets are not counted among the client's. It answers each
// request in one of a few ways, by its number, and tells at `/control` what is open.
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { WebSocketServer } from 'ws'

const sockets = new Set<Socket>()
const unanswered = new Set<ServerResponse>()
let number = 0

const body = (url: URL): unknown => {
  const path = url.pathname.replace(/^.*\/api\/v1\//, '')
  if (path === 'runs' && url.searchParams.has('workflow_id')) return { run_id: 'r', output_names: ['a.png'] }
  if (path === 'runs') return { runs: [{ _id: `r${number}`, status: 'running' }], count: 1000 }
  if (path === 'runs/output') return { download_url: `http://${url.host}/file`, generation_status: 'success' }
  if (path.startsWith('runs/')) return { _id: 'r', status: 'running', outputs: [] }
  return []
}

const server = createServer((request, response) => {
  const url = new URL(request.url!, `http://${request.headers.host}`)
  if (url.pathname === '/control') {
    response.end(JSON.stringify({ sockets: sockets.size - 1, unanswered: unanswered.size }))
    return
  }
  unanswered.add(response)
  response.on('close', () => unanswered.delete(response))
  request.on('error', () => {})
  const way = number++ % 6
  const text = JSON.stringify({ status: 'success', data: body(url) })
  const json = { 'content-type': 'application/json' }
  // An upload stalls for longer than anything takes; who never reads would not see that the other side has left.
  if (way === 0) setTimeout(() => request.resume(), 100)
  else request.resume()
  if (way === 0) return
  if (way === 1) response.writeHead(200, json).write(text.slice(0, 5))
  else if (way === 2) response.writeHead(503, { 'retry-after': '1' }).end()
  else if (way === 3) setTimeout(() => response.writeHead(200, json).end(text), 3)
  else if (way === 4 && url.pathname.endsWith('/output')) response.writeHead(204).end()
  else if (url.pathname === '/file') {
    response.writeHead(200)
    const timer = setInterval(() => response.write('x'.repeat(1000)), 2)
    response.on('close', () => clearInterval(timer))
  } else response.writeHead(200, json).end(text)
})
server.on('connection', (socket) => {
  sockets.add(socket)
  socket.on('error', () => {})
  socket.on('close', () => sockets.delete(socket))
})
// Some handshakes are never answered, some refused.
const upgrades = new WebSocketServer({ noServer: true })
server.on('upgrade', (request, socket, head) => {
  const way = number++ % 3
  socket.on('error', () => {})
  if (way === 0) socket.resume().on('end', () => socket.destroy())
  else if (way === 1) socket.end('HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\n\r\n')
  else upgrades.handleUpgrade(request, socket, head, (client) => client.on('error', () => {}))
})
server.listen(0, '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
})
process.stdin.resume().on('end', () => process.exit())

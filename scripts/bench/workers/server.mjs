// A server that has its answers ready. Prints its URL.
import { createServer } from 'node:http'

const health = JSON.stringify({
  status: 'success',
  data: [
    { container: 'container #1', status: 'idle' },
    { container: 'container #2', status: 'running' },
  ],
})
const run = JSON.stringify({
  status: 'success',
  data: {
    _id: 'bench',
    status: 'completed',
    group_id: null,
    workflow_id: 'bncu0a1kipv',
    inputs: [{ path: 'text_51536', category: 'prompt', value: 'a lighthouse at dusk' }],
    outputs: [
      { filename: 'bench_bncu0a1kipv_image_1.png', url: 'http://127.0.0.1/bench.png?signature=0123456789' },
    ],
    created_at: '2026-01-01T00:00:00.000Z',
    completed_at: '2026-01-01T00:00:09.000Z',
  },
})
const execution = JSON.stringify({
  status: 'success',
  data: { run_id: 'bench', number: 1, node_errors: {}, output_names: ['bench_bncu0a1kipv_image_1'] },
})

const server = createServer((request, response) => {
  request.resume()
  request.on('end', () => {
    const body =
      request.method === 'POST' ? execution : request.url.startsWith('/api/v1/runs/') ? run : health
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length })
    response.end(body)
  })
})
server.keepAliveTimeout = 600_000
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`))

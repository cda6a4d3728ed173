// A server that has its answers in memory, and whose runs go on for ever, but for those of the workflow `short` and those
// that it does not know. Sends its URL to the process that forked it.
import { createServer } from 'node:http'

const runs = []
const server = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url, 'http://127.0.0.1')
  request.resume()
  request.on('end', () => {
    const answer = (data, meta) => response.end(JSON.stringify({ status: 'success', data, meta }))
    if (request.method === 'POST') {
      const isShort = searchParams.get('workflow_id') === 'short'
      const run = {
        _id: `run_${runs.length}`,
        status: isShort ? 'completed' : 'running',
        group_id: isShort ? 'short' : 'long',
        inputs: [{ path: 'text_1', value: 'a lighthouse' }],
        outputs: isShort ? [{ filename: 'a.png', url: 'http://127.0.0.1/a.png' }] : [],
      }
      runs.unshift(run)
      return answer({ run_id: run._id, number: 1, node_errors: {}, output_names: ['a'] })
    }
    if (pathname.endsWith('/health')) return answer([])
    const id = pathname.slice('/api/v1/runs/'.length)
    if (id) return answer(runs.find(({ _id }) => _id === id) ?? { _id: id, status: 'completed' })
    const group = searchParams.get('group_id')
    const found = runs.filter(({ group_id }) => !group || group_id === group)
    const size = Number(searchParams.get('page_size') ?? 100)
    const start = (Number(searchParams.get('page') ?? 1) - 1) * size
    answer(found.slice(start, start + size), { total_pages: Math.ceil(found.length / size) })
  })
})
server.keepAliveTimeout = 600_000
server.listen(0, '127.0.0.1', () => process.send(`http://127.0.0.1:${server.address().port}`))
process.on('disconnect', () => process.exit())

// A server that counts what it is sent and answers as FlowScale does. Prints its URL.
import { createServer } from 'node:http'

const server = createServer((request, response) => {
  let bytes = 0
  request.on('data', (chunk) => {
    bytes += chunk.length
  })
  request.on('end', () => {
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ status: 'success', data: { run_id: 'upload', bytes } }))
  })
})
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`))

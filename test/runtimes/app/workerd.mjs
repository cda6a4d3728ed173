// workerd: a request for /?control=…&row=…&version=… runs the cases.
import { run } from './suite.mjs'

export default {
  async fetch(request) {
    const { searchParams } = new URL(request.url)
    const get = (name) => searchParams.get(name)
    // Six connections are all that a Worker has at a time.
    await run(get('control'), get('row'), { version: get('version'), atOnce: 1 })
    return new Response('done')
  },
}

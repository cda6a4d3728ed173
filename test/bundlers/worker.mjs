// workerd: a POST of JSON runs the bundle.
import './bundle.mjs'

export default {
  async fetch(request) {
    return Response.json(await globalThis.app(await request.json()))
  },
}

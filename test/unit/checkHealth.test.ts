import { checkHealth, createClient, ResponseError } from '@flowscale/client'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { CANARY } from '../support/canary.ts'
import { fakeFetch, ok, rejection } from '../support/fakes.ts'

const test = suite('checkHealth')
const clientWith = (fetch: ReturnType<typeof fakeFetch>) =>
  createClient({ baseUrl: 'http://pod.test', apiKey: CANARY, fetch })

test('gives the envelope, with container in every dialect', async () => {
  const fetch = fakeFetch(
    ok([
      { container: 'container #1', status: 'idle', extra: 1 },
      { url: 'http://comfy:8188', status: 'running' },
    ]),
  )
  const { data, status } = await checkHealth(clientWith(fetch))
  assert.is(status, 'success')
  assert.equal(data, [
    { container: 'container #1', status: 'idle', extra: 1 },
    { container: 'http://comfy:8188', url: 'http://comfy:8188', status: 'running' },
  ])
  assert.is(fetch.calls[0]?.url.href, 'http://pod.test/api/v1/comfy/health')
  assert.is(fetch.calls[0]?.headers.get('x-api-key'), CANARY)
})

test('an envelope without a list is an error', async () => {
  const error = await rejection(checkHealth(clientWith(fakeFetch(ok({ container: 'one' })))))
  assert.instance(error, ResponseError)
  assert.is(error.status, 200)
})

test.run()

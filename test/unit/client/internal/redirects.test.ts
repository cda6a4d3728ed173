import {
  type Client,
  cancelRun,
  checkHealth,
  executeWorkflow,
  getRuns,
  NetworkError,
  RedirectError,
} from '@flowscale/client'
import { assert, rejects, suite } from '#test'
import { CANARY } from '../../../support/canary.ts'
import { clientWith } from '../../../support/clientWith.ts'
import { fakeFetch, ok, recorder } from '../../../support/fakes.ts'
import { listen } from '../../../support/listen.ts'
import { pluck } from '../../../support/pluck.ts'

const test = suite('redirects')

const operations: Record<string, (client: Client) => Promise<unknown>> = {
  checkHealth,
  getRuns,
  cancelRun: (client) => cancelRun(client, 'r'),
  executeWorkflow: (client) => executeWorkflow(client, 'w', { file: new Blob(['x']), text: 'y' }),
  'executeWorkflow, texts alone': (client) => executeWorkflow(client, 'w', { text: 'y' }),
}

for (const [name, run] of Object.entries(operations)) {
  for (const status of [301, 302, 303, 307, 308]) {
    test(`${name}: a real ${status} is not followed, the other server sees nothing`, async () => {
      let elsewhere = 0
      let here = 0
      const other = await listen((_request, response) => {
        elsewhere++
        response.end('{"status":"success","data":{"run_id":"stolen"}}')
      })
      const server = await listen((request, response) => {
        here++
        assert.is(request.headers['x-api-key'], CANARY)
        request.resume()
        response.writeHead(status, { location: `${other.url}/moved?session=1#x` })
        response.end()
      })
      try {
        const logger = recorder()
        const client = clientWith(undefined, { baseUrl: server.url, logger, retryDelayMs: 1 })
        const error = await rejects(run(client), RedirectError, { name: 'RedirectError' })
        const isPost = name.startsWith('executeWorkflow')
        if (isPost) assert.is(error.method, 'POST')
        // By HTTP's own words a 303 says that the request was processed. Node hides the status of a form with files, which
        // may be one.
        const isHidden = name === 'executeWorkflow'
        assert.is(error.maybeSubmitted, isHidden || (isPost && status === 303) ? true : undefined)
        if (!isHidden) {
          assert.is(error.status, status)
          assert.is(error.location, `${other.url}/moved`)
          assert.ok(error.message.includes(` was redirected to ${other.url}/moved; `))
        }
        assert.is(here, 1)
        assert.is(elsewhere, 0)
        assert.equal(pluck(logger.lines, 'level'), ['error'])
      } finally {
        await server.close()
        await other.close()
      }
    })
  }
}

test('a redirect without an address, and one that echoes the key', async () => {
  await rejects(checkHealth(clientWith(fakeFetch(new Response('', { status: 302 })))), Error, {
    location: undefined,
  })
  const headers = { location: `http://evil.test/${CANARY}/x?key=${CANARY}` }
  await rejects(checkHealth(clientWith(fakeFetch(new Response('', { status: 302, headers })))), Error, {
    location: 'http://evil.test/[redacted]/x',
  })
})

/** What a browser gives for a redirect that it must not follow. */
const opaque = () =>
  Object.defineProperties(Response.error(), {
    type: { value: 'opaqueredirect' },
  })

test('an opaque redirect, as browsers give it', async () => {
  for (const [name, run] of Object.entries(operations)) {
    const fetch = fakeFetch(() => opaque())
    const isPost = name.startsWith('executeWorkflow')
    await rejects(run(clientWith(fetch)), RedirectError, {
      status: undefined,
      location: undefined,
      // It may be a 303.
      maybeSubmitted: isPost ? true : undefined,
    })
    assert.is(fetch.calls.length, 1)
  }
})

test('the body of a redirect is let go', async () => {
  let cancelled = 0
  const body = () =>
    new ReadableStream({
      cancel: () => {
        cancelled++
        throw new Error('that fails, too')
      },
    })
  const fetch = fakeFetch(() => new Response(body(), { status: 307, headers: { location: '/x' } }))
  await rejects(checkHealth(clientWith(fetch)), Error, { location: '/x' })
  assert.is(cancelled, 1)
})

const refusals = {
  Node: Object.assign(new TypeError('fetch failed'), { cause: new Error('unexpected redirect') }),
  'node-fetch': new Error(
    'uri requested responds with a redirect, redirect mode is set to error: http://pod.test/api/v1/runs',
  ),
}
for (const [name, refusal] of Object.entries(refusals)) {
  test(`executeWorkflow: the refusal of the fetch of ${name} is a RedirectError, never sent again`, async () => {
    const fetch = fakeFetch(refusal)
    await rejects(executeWorkflow(clientWith(fetch), 'w', {}), RedirectError, { maybeSubmitted: true })
    assert.is(fetch.calls.length, 1)
  })
}

test('redirect modes: manual, but error for uploads on Node', async () => {
  const fetch = fakeFetch(ok({ run_id: 'r', runs: [] }))
  const client = clientWith(fetch)
  const modes = async () => {
    fetch.calls.length = 0
    await getRuns(client)
    await cancelRun(client, 'r')
    await executeWorkflow(client, 'w', {})
    return fetch.calls.map(({ init }) => init.redirect)
  }
  assert.equal(await modes(), ['manual', 'manual', 'error'])
  // Other runtimes have none, or one without a name.
  for (const value of [undefined, {}]) {
    Object.defineProperty(performance, 'nodeTiming', { value, configurable: true })
    try {
      assert.equal(await modes(), ['manual', 'manual', 'manual'])
      // There, such words mean no redirect.
      await rejects(executeWorkflow(clientWithout(refusals.Node), 'w', {}), NetworkError, {
        maybeSubmitted: true,
      })
    } finally {
      Reflect.deleteProperty(performance, 'nodeTiming')
    }
  }
})

const clientWithout = (error: Error) => clientWith(fakeFetch(error), { apiKey: undefined })

test('neither login, query nor fragment of where it leads shows', async () => {
  for (const rest of ['?to=b@c#d', '#token=b@c']) {
    const location = `https://ada:pass-of-ada@other.test/moved/a@2x${rest}`
    const fetch = fakeFetch(() => new Response(null, { status: 302, headers: { location } }))
    const error = await rejects(checkHealth(clientWith(fetch)), Error, {
      location: 'https://other.test/moved/a@2x',
    })
    assert.not.match(error.message, /pass-of-ada|b@c/)
  }
})

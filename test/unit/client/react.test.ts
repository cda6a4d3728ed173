// The hooks where a page is rendered on a server.
import { createClient, type ResultOutput } from '@flowscale/client'
import { useOutputUrl, useRun } from '@flowscale/client/react'
import type { RunStorage, RunStoreOptions } from '@flowscale/client/store'
import { createElement as h, StrictMode } from 'react'
import { renderToString } from 'react-dom/server'
import { assert, suite } from '#test'

const test = suite('hooks on a server')
const sent: string[] = []

function Run({ options }: { options: RunStoreOptions }) {
  const run = useRun(client, options)
  return h('p', null, run.status, run.runId, typeof run.start, typeof run.cancel, typeof run.reset)
}
function Image({ output }: { output: ResultOutput | undefined }) {
  const { src, onError } = useOutputUrl(client, output)
  return h('a', { href: src }, typeof onError)
}

const client = createClient({
  baseUrl: '/api/flowscale',
  fetch: async (url) => {
    sent.push(String(url))
    throw new Error('nothing may be sent')
  },
})

test('a run is idle, whatever the storage holds, of which nothing is read', () => {
  const asked: string[] = []
  const storage: RunStorage = {
    getItem: (key) => {
      asked.push(key)
      return '{"groupId":"flowscale-store-1","startedAt":1,"runId":"r"}'
    },
    setItem: (key) => void asked.push(key),
    removeItem: (key) => void asked.push(key),
  }
  const text = renderToString(h(StrictMode, null, h(Run, { options: { storage } })))
  assert.is(text.replaceAll('<!-- -->', ''), '<p>idlefunctionfunctionfunction</p>')
  assert.equal([asked, sent], [[], []])
})

test('an output has its link', () => {
  const output = { filename: 'a.png', download_url: 'https://files.test/a.png?signature=1' } as ResultOutput
  assert.is(renderToString(h(Image, { output })), `<a href="${output.download_url}">function</a>`)
  for (const none of [undefined, { ...output, download_url: null }])
    assert.is(renderToString(h(Image, { output: none })), '<a>function</a>')
  assert.equal(sent, [])
})

test('a wrong option is an error that names it', () => {
  for (const [options, name] of [
    [{ storage: 'local' }, 'storage'],
    [{ pollInterval: 1 }, 'pollInterval'],
    [{ key: 1 }, 'key'],
  ] as const) {
    assert.throws(
      () => renderToString(h(Run, { options: options as never })),
      (error: { code: string; message: string }) =>
        error.code === 'ERR_FLOWSCALE_ARGUMENT' && error.message.includes(name),
    )
  }
})

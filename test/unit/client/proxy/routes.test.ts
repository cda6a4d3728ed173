// An operation that learns a new option has to be known to the proxy, and to the page on functions.
import { readFileSync } from 'node:fs'
import { createProxyHandler } from '@flowscale/client/proxy'
import { assert, suite } from '#test'
import { clientWith } from '../../../support/clientWith.ts'
import { fakeFetch, ok } from '../../../support/fakes.ts'
import { operations } from '../../../support/operations.ts'

const test = suite("options of operations, in the proxy's queries and in the docs")

/** A value for each option. Without one the test fails. */
const values: Record<string, unknown> = {
  groupId: 'g',
  arrays: 'indexed',
  previews: true,
  sortBy: 'created_at',
  sortOrder: 'asc',
  page: 2,
  pageSize: 3,
}
const ofRequests = ['signal', 'timeoutMs', 'maxRetries', 'headers']

for (const [name, call] of Object.entries(operations)) {
  test(name, async () => {
    const { message } = await call(clientWith(), { unknown: 1 }).catch((error: any) => error)
    const options: string[] = /known: (.*)$/
      .exec(message)![1]!
      .split(',')
      .filter((option) => !ofRequests.includes(option))
    const fetch = fakeFetch(ok({ run_id: 'r', runs: [] }))
    const all = Object.fromEntries(options.map((option) => [option, values[option]]))
    assert.not.ok(Object.values(all).includes(undefined), `${options}`)
    await call(clientWith(fetch), all).catch(() => {})
    const { url, init } = fetch.calls[0]!

    const pod = fakeFetch(ok({ run_id: 'r', runs: [] }))
    const handler = createProxyHandler(clientWith(pod), { authorize: 'public' })
    await handler(new Request(url, { method: init.method!, body: init.body ?? null }))
    assert.is(pod.calls[0]?.url.search, url.search)

    const [, row] = new RegExp(`^\\| \`${name}\\(([^|]*)\\)\``, 'm').exec(
      readFileSync('docs/functions.md', 'utf8'),
    )!
    const [, listed = ''] = /\{ (.*) \}/.exec(row!) ?? []
    assert.equal(listed.split(', ').filter(Boolean).sort(), options.sort())
  })
}

// The libraries of Standard Webhooks take what the gateway signs, and the client takes what they sign.
import { resolve } from 'node:path'
import { build } from 'esbuild'
import { assert, suite } from '#test'
import { command, nodePath } from '../runtimes/command.ts'

const test = suite('libraries of Standard Webhooks')
const script = (library: string) => `
import { Webhook } from '${library}'
import { verifyWebhook } from '../../packages/client/src/webhook.ts'
import { makeSecret, signWebhook } from '../../packages/gateway/src/webhooks/sign.ts'

const [secret, other, id, now] = [makeSecret(), makeSecret(), 'msg_1', new Date()]
const body = '{"type":"run.completed","data":{"text":"é…"}}'
const library = new Webhook(secret)
const refused = async (verify) => verify().then(() => 'taken', (error) => error.name)
const ours = await signWebhook([other, secret], { id, timeMs: +now, body })
const theirs = { ...ours, 'webhook-signature': library.sign(id, now, body) }
console.log(JSON.stringify([
  await refused(async () => library.verify(body, ours)),
  await refused(async () => library.verify(body + ' ', ours)),
  JSON.stringify(await verifyWebhook({ headers: theirs, body }, [other, secret])) === body,
  await refused(() => verifyWebhook({ headers: theirs, body: body + ' ' }, secret)),
]))`

for (const [library, major] of [
  ['standardwebhooks', 20],
  ['svix', 20],
  ['svix2', 22],
] as const) {
  test(library, async () => {
    const outfile = resolve(`.tmp/webhooks/${library}.mjs`)
    const stdin = { contents: script(library), resolveDir: 'test/frameworks' }
    await build({ stdin, outfile, bundle: true, format: 'esm', platform: 'node', logLevel: 'error' })
    const { exit, output } = command(nodePath(major), [outfile], '.')
    await exit
    assert.is(output().trim(), JSON.stringify(['taken', 'WebhookVerificationError', true, 'WebhookError']))
  })
}

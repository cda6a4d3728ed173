import { assert, suite } from '#test'
import * as sign from '../../../../packages/gateway/src/webhooks/sign.ts'

const test = suite('signatures of webhooks')

test('the example of Standard Webhooks; each secret of a rotation signs', async () => {
  const secrets = ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', sign.makeSecret()]
  const sent = { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', timeMs: 1614265330999, body: '{"test": 2432232314}' }
  const { 'webhook-signature': signatures, ...headers } = await sign.signWebhook(secrets, sent)
  assert.equal(headers, { 'webhook-id': sent.id, 'webhook-timestamp': '1614265330' })
  assert.match(signatures!, /^v1,g0hM9SsE\+OTPJTGt\/tmIKtSyZlE3uFJELVlNIOLJ1OE= v1,(?!g0hM)[\w+/]{43}=$/)
})

test('a secret has 32 bytes; a derived one follows from the key and the name', async () => {
  const derived = await sign.deriveSecret('a key', 'hook')
  assert.is(derived, await sign.deriveSecret('a key', 'hook'))
  const others = [await sign.deriveSecret('a key', 'other'), await sign.deriveSecret('b', 'hook')]
  const all = [sign.makeSecret(), sign.makeSecret(), derived, ...others]
  assert.is(new Set(all).size, all.length)
  for (const secret of all) {
    assert.is(Buffer.from(secret.slice(6), 'base64').length, 32)
    assert.ok(sign.isSecret(secret))
  }
  const [bare, short] = [derived.slice(6), `whsec_${Buffer.alloc(23).toString('base64')}`]
  for (const text of [
    undefined,
    '',
    bare,
    short,
    `${derived} `,
    `${derived},${derived}`,
    `whsec_${bare.slice(1)}`,
  ])
    assert.is(sign.isSecret(text), false, text)
})

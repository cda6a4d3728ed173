// The options of s3Files, and how they address S3. What it does with files is in test/servers/files.s3.ts.
import { type S3Options, s3Files } from '@flowscale/gateway/s3'
import { assert, suite, throws } from '#test'
import { CANARY } from '../../../support/canary.ts'
import { withGlobals } from '../../../support/setGlobals.ts'
import { bytes } from './suite.ts'

const test = suite('files in S3')
const good: S3Options = { url: 's3://bucket/prefix', accessKeyId: 'id', secretAccessKey: CANARY }

test('a wrong option is a TypeError, which shows no key', () => {
  const urls = [
    'bucket',
    's3://',
    's3://b',
    's3://bucket/../a',
    's3://u@bucket',
    's3://bucket/a?b',
    's3://bucket//a',
  ]
  const wrong: object[] = [
    ...[...urls, 5, undefined].map((url) => ({ url })),
    ...['s3.test', 'ftp://a', 'http://a?b', 'http://u:p@a', 'http://'].map((endpoint) => ({ endpoint })),
    { region: '' },
    { accessKeyId: '' },
    { secretAccessKey: [CANARY] },
    { sessionToken: 5 },
    { redirectLinks: 'yes' },
    { bucket: CANARY },
  ]
  for (const more of wrong) throws(() => s3Files({ ...good, ...more } as never), TypeError)
})

test('how S3 is addressed, and for which region requests are signed', async () => {
  const cases: [Partial<S3Options>, root: string, region: string][] = [
    [{}, 'https://s3.us-east-1.amazonaws.com/bucket/prefix/', 'us-east-1'],
    [{ region: 'eu-west-3' }, 'https://s3.eu-west-3.amazonaws.com/bucket/prefix/', 'eu-west-3'],
    [{ url: 's3://my.bucket' }, 'https://s3.us-east-1.amazonaws.com/my.bucket/', 'us-east-1'],
    [
      { endpoint: 'https://a.r2.cloudflarestorage.com' },
      'https://a.r2.cloudflarestorage.com/bucket/prefix/',
      'auto',
    ],
    [{ endpoint: 'http://a.test:9/v1/', region: 'here' }, 'http://a.test:9/v1/bucket/prefix/', 'here'],
  ]
  for (const [more, root, region] of cases) {
    const asked: string[] = []
    const fetch = async (url: URL, { headers }: { headers: Headers }) => {
      const [, scope] = /Credential=id\/\d+\/(.+?)\/s3/.exec(headers.get('authorization')!)!
      asked.push(`${url} ${scope} ${headers.get('x-amz-security-token')}`)
      return new Response()
    }
    const files = s3Files({ ...good, ...more, sessionToken: 'token' })
    await withGlobals({ fetch }, () => files.put('out', 'r', 'a b+.png', bytes('x')))
    assert.equal(asked, [`${root}out/r/a%2520b%252B.png ${region} token`])
  }
})

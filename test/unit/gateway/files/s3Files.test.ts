// The options of s3Files, and how they address S3. What it does with files is in test/servers/files.s3.ts.
import { type S3Options, s3Files } from '@flowscale/gateway/s3'
import { assert, rejects, suite, throws } from '#test'
import { EngineError } from '../../../../packages/gateway/src/engine.ts'
import { CANARY } from '../../../support/canary.ts'
import { withGlobals } from '../../../support/setGlobals.ts'
import { bytes } from '../queue/suite.ts'

const test = suite('files in S3')
const options: S3Options = { url: 's3://bucket/prefix', accessKeyId: 'id', secretAccessKey: CANARY }

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
  for (const more of wrong) throws(() => s3Files({ ...options, ...more } as never), TypeError)
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
      return new Response(null, { headers: { etag: 'a' } })
    }
    const files = s3Files({ ...options, ...more, sessionToken: 'token' })
    await withGlobals({ fetch }, () => files.put('out', 'r', 'a b+.png', bytes('x')))
    assert.equal(asked, [`${root}out/r/a%2520b%252B.png ${region} token`])
  }
})

test('what is no S3 is not believed, and a bucket that is gone is no missing file', async () => {
  const page = '<!doctype html><title>Sign in</title>'
  const none = '<Error><Code>NoSuchBucket</Code></Error>'
  const list = '<ListBucketResult></ListBucketResult>'
  type Answer = [status: number, text?: string, etag?: string]
  type Use = 'place' | 'put' | 'open' | 'remove'
  const written = 'The files of runs of a FlowScale gateway.\n'
  /** What a request gets, in which a list is `LIST`. */
  const good: Record<string, Answer> = { PUT: [200, '', 'a'], GET: [200, written], LIST: [200, list] }
  const cases: [what: string, use: Use, answers: Record<string, Answer>, wanted: unknown][] = [
    ['an S3', 'place', good, 'https://s3.us-east-1.amazonaws.com/bucket/prefix/'],
    ['a page for everything', 'place', { PUT: [200, page], GET: [200, page], LIST: [200, page] }, 503],
    ['a page, with an ETag', 'place', { ...good, PUT: [200, page, 'a'], GET: [200, page] }, 503],
    ['a page without an ETag, for what is written', 'place', { ...good, PUT: [200, page] }, 503],
    ['another file', 'place', { ...good, GET: [200, ''] }, 503],
    ['a page for a list', 'place', { ...good, LIST: [200, page] }, 503],
    ['no bucket', 'place', { ...good, PUT: [404, none] }, 503],
    ['a file', 'put', good, undefined],
    ['a page for a file', 'put', { PUT: [200, page] }, 503],
    ['no bucket for a file', 'put', { PUT: [404, none] }, 503],
    ['a file that is there', 'open', { HEAD: [200, '', 'a'] }, 200],
    ['a file that is not there', 'open', { HEAD: [404], LIST: [200, list] }, undefined],
    ['a page instead of a file', 'open', { HEAD: [200] }, 503],
    ['the bucket is gone', 'open', { HEAD: [404], LIST: [404, none] }, 503],
    ['another server is there', 'open', { HEAD: [404], LIST: [200, page] }, 503],
    ['the bucket is gone, with the inputs', 'remove', { LIST: [404, none] }, 503],
  ]
  for (const [what, use, answers, wanted] of cases) {
    const fetch = async (url: URL, { method }: { method: string }) => {
      const [status, text, etag] = answers[url.search ? 'LIST' : method]!
      return new Response(text, { status, headers: etag ? { etag } : {} })
    }
    const files = s3Files(options)
    const uses: Record<Use, () => Promise<unknown>> = {
      place: () => files.place(),
      put: () => files.put('out', 'r', 'a.png', bytes('x')),
      open: async () => (await files.open('out', 'r', 'a.png', new Headers()))?.status,
      remove: () => files.removeInputs('r'),
    }
    await withGlobals({ fetch }, async () => {
      if (wanted === 503) await rejects(uses[use](), EngineError, { status: 503 })
      else assert.is(await uses[use](), wanted, what)
    })
  }
})

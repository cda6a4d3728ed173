// What any store of files has to do, wherever it keeps them.
import { assert, suite } from '#test'
import type { FileStore } from '../../../../packages/gateway/src/files/fileStore.ts'
import { bytes } from '../queue/suite.ts'

const MB = 2 ** 20

/** A place for files: `make` gives a store there, as each gateway makes one. */
export interface FilePlace {
  make(): FileStore
  remove(): void | Promise<void>
}

/** Reads a file to its end; `undefined` if there is none. */
export const read = async (files: FileStore, kind: 'in' | 'out', id: string, name: string) =>
  await (await files.open(kind, id, name, new Headers()))?.text()

/** A body of so many bytes, in chunks of odd sizes, which breaks off at its end if there is an error. */
export function body(size: number, error?: Error): ReadableStream<Uint8Array> {
  let sent = 0
  return new ReadableStream(
    {
      pull(controller) {
        const chunk = new Uint8Array(Math.min(size - sent, 777_777))
        for (let i = 0; i < chunk.length; i++) chunk[i] = byteAt(sent + i)
        sent += chunk.length
        if (chunk.length > 0) controller.enqueue(chunk)
        else if (error) controller.error(error)
        else controller.close()
      },
    },
    { highWaterMark: 0 },
  )
}
const byteAt = (index: number): number => (index * 7 + (index >> 8)) & 0xff

/** The size of a body, if its bytes are those of `body`. */
export async function sizeOf(found: Response): Promise<number> {
  let size = 0
  for await (const chunk of found.body!) {
    for (const byte of chunk) if (byte !== byteAt(size++)) throw new Error(`byte ${size - 1} is wrong`)
  }
  return size
}

/** Lets the clock of the gateway, and of nothing else, be ahead. */
export async function whenLater<T>(ms: number, use: () => Promise<T>): Promise<T> {
  const { now } = Date
  Date.now = () => now() + ms
  return await use().finally(() => (Date.now = now))
}

export function suiteOfFiles(name: string, makePlace: () => FilePlace | Promise<FilePlace>) {
  const test = suite(name)
  const withFiles = (title: string, use: (files: FileStore, place: FilePlace) => Promise<void>): void =>
    test(title, async () => {
      const place = await makePlace()
      try {
        await use(place.make(), place)
      } finally {
        await place.remove()
      }
    })

  withFiles('those who share a place know it by its name', async (_files, place) => {
    const [first, ...others] = await Promise.all([1, 2, 3].map(() => place.make().place()))
    assert.equal([...others, await place.make().place()], [first, first, first])
    const other = await makePlace()
    const elsewhere = await other.make().place()
    await other.remove()
    assert.is.not(elsewhere, first)
  })

  withFiles('files have their bytes, under any name', async (files, place) => {
    const [id, other] = [crypto.randomUUID(), crypto.randomUUID()]
    const names = [
      'a.png',
      '../x',
      'a/b',
      '..',
      '.',
      'ü ñ 名.webp',
      '%2e%2e',
      'con:|?*"<>',
      "(it's) a+b=c&d;e~!@#$^[]{}.png",
      `${'n'.repeat(150)}.png`,
    ]
    for (const name of names) await files.put('in', id, name, bytes(`in ${name}`))
    for (const name of names) await files.put('out', id, name, bytes(`out ${name}`))
    await files.put('in', other, 'a.png', bytes('other'))
    await files.put('out', id, 'a.png', bytes('a second time'))
    const later = place.make()
    for (const name of names.slice(1)) {
      assert.is(await read(later, 'in', id, name), `in ${name}`)
      assert.is(await read(later, 'out', id, name), `out ${name}`)
    }
    assert.is(await read(later, 'out', id, 'a.png'), 'a second time')
    for (const name of ['b.png', '', '../a.png'])
      assert.is(await read(later, 'out', id, name), undefined, name)
    assert.is(await read(later, 'in', '..', id), undefined)
    await files.removeInputs(id)
    await files.removeInputs(crypto.randomUUID())
    const left = [
      await read(files, 'in', id, 'a/b'),
      await read(files, 'in', id, '..'),
      await read(files, 'in', other, 'a.png'),
      await read(files, 'out', id, 'a/b'),
    ]
    assert.equal(left, [undefined, undefined, 'other', 'out a/b'])
  })

  withFiles('a file is answered as file servers do', async (files) => {
    const id = crypto.randomUUID()
    await files.put('out', id, 'a.png', bytes('0123456789'))
    await files.put('out', id, 'empty.bin', bytes(''))
    const ask = async (headers: Record<string, string>, name = 'a.png') =>
      (await files.open('out', id, name, new Headers(headers)))!
    const whole = await ask({})
    assert.equal(
      ['content-type', 'content-length', 'accept-ranges'].map((name) => whole.headers.get(name)),
      ['image/png', '10', 'bytes'],
    )
    assert.is(await whole.text(), '0123456789')
    const etag = whole.headers.get('etag')!
    const modified = whole.headers.get('last-modified')!
    const cases: [Record<string, string>, status: number, text?: string, range?: string][] = [
      [{ range: 'bytes=2-4' }, 206, '234', 'bytes 2-4/10'],
      [{ range: 'bytes=7-' }, 206, '789', 'bytes 7-9/10'],
      [{ range: 'bytes=-3' }, 206, '789', 'bytes 7-9/10'],
      [{ range: 'bytes=-30' }, 206, '0123456789', 'bytes 0-9/10'],
      [{ range: 'bytes=8-99' }, 206, '89', 'bytes 8-9/10'],
      [{ range: 'bytes=0-0' }, 206, '0', 'bytes 0-0/10'],
      [{ range: 'bytes=10-' }, 416, '', 'bytes */10'],
      [{ range: 'bytes=-0' }, 416, '', 'bytes */10'],
      [{ range: 'bytes=0-1,4-5' }, 200, '0123456789'],
      [{ range: 'bytes=-' }, 200, '0123456789'],
      [{ range: 'lines=1-2' }, 200, '0123456789'],
      [{ range: 'bytes=2-4', 'if-range': etag }, 206, '234', 'bytes 2-4/10'],
      [{ range: 'bytes=2-4', 'if-range': modified }, 206, '234', 'bytes 2-4/10'],
      [{ range: 'bytes=2-4', 'if-range': '"old"' }, 200, '0123456789'],
      [{ 'if-none-match': etag }, 304, ''],
      [{ 'if-none-match': `"x", W/${etag}` }, 304, ''],
      [{ 'if-none-match': '*' }, 304, ''],
      [{ 'if-none-match': '"x"', 'if-modified-since': modified }, 200, '0123456789'],
      [{ 'if-modified-since': modified }, 304, ''],
      [{ 'if-modified-since': new Date(Date.parse(modified) - 1_000).toUTCString() }, 200, '0123456789'],
      [{ 'if-modified-since': 'nonsense' }, 200, '0123456789'],
    ]
    for (const [headers, status, text = '', range = null] of cases) {
      const answer = await ask(headers)
      const found = [
        answer.status,
        await answer.text(),
        answer.headers.get('content-range'),
        answer.headers.get('etag'),
      ]
      assert.equal(found, [status, text, range, etag], JSON.stringify(headers))
    }
    const empty = await ask({}, 'empty.bin')
    assert.equal([empty.status, empty.headers.get('content-length'), await empty.text()], [200, '0', ''])
    assert.is((await ask({ range: 'bytes=0-' }, 'empty.bin')).status, 416)
  })

  withFiles('a file of any size has its bytes, and any part of them', async (files) => {
    for (const size of [0, 1, 8 * MB - 1, 8 * MB, 8 * MB + 1, 16 * MB, 17 * MB + 3]) {
      await files.put('out', 'r', 'a.mp4', body(size))
      assert.is(await sizeOf((await files.open('out', 'r', 'a.mp4', new Headers()))!), size)
    }
    const [start, end] = [8 * MB - 5, 16 * MB + 5]
    const part = await files.open('out', 'r', 'a.mp4', new Headers({ range: `bytes=${start}-${end}` }))
    const found = new Uint8Array(await part!.arrayBuffer())
    assert.is(found.length, end - start + 1)
    assert.ok(found.every((byte, index) => byte === byteAt(start + index)))
  })

  withFiles('an upload that breaks off leaves nothing, and its error is its own', async (files) => {
    for (const size of [0, 3_000, 20 * MB]) {
      const broken = new Error('the caller has gone')
      const error = await files.put('in', 'r', 'a.png', body(size, broken)).catch((reason) => reason)
      assert.is(error, broken)
      assert.is(await read(files, 'in', 'r', 'a.png'), undefined)
    }
  })

  withFiles('a body that nobody reads, or not to its end, can be cancelled', async (files) => {
    await files.put('out', 'r', 'a.mp4', body(20 * MB))
    const open = async () => (await files.open('out', 'r', 'a.mp4', new Headers()))!.body!
    await (await open()).cancel()
    const reader = (await open()).getReader()
    assert.ok((await reader.read()).value!.length > 0)
    await reader.cancel()
    await files.put('out', 'r', 'a.mp4', bytes('new'))
    assert.is(await read(files, 'out', 'r', 'a.mp4'), 'new')
  })

  withFiles('files go once their run has none, but not in the first hour', async (files) => {
    const ids = ['keeps', 'none', '..'] as const
    for (const kind of ['in', 'out'] as const)
      for (const id of ids) for (const name of ['a', 'b/c']) await files.put(kind, id, name, bytes('x'))
    const left = async () => {
      const found = ids.flatMap((id) =>
        (['in', 'out'] as const).map(async (kind) =>
          (await Promise.all(['a', 'b/c'].map((name) => read(files, kind, id, name)))).join(''),
        ),
      )
      return (await Promise.all(found)).join()
    }
    const keeps = async (kind: 'in' | 'out', id: string) => id === 'keeps' && kind === 'out'
    await whenLater(3_500_000, () => files.sweep(keeps))
    assert.is(await left(), 'xx,xx,xx,xx,xx,xx')
    await whenLater(3_700_000, () => files.sweep(keeps))
    assert.is(await left(), ',xx,,,,')
  })
}

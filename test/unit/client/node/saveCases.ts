// saveOutput, in every way in which it can end.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ArgumentError } from '@flowscale/client'
import { FileError, saveOutput } from '@flowscale/client/node'
import {
  assertBare,
  assertEmpty,
  assertSaved,
  type Case,
  clientOf,
  errorOf,
  linkOf,
  nameLink,
} from './kit.ts'
import { bytesOf } from './serveFiles.ts'

const whole = bytesOf(1_000_000)
const changed = bytesOf(1_000_000, 1)
/** What the requests were answered with. */
const statuses = (seen: readonly { status: number }[]): number[] => seen.map(({ status }) => status)

export const saveCases: Record<string, Case> = {
  async 'a file is saved whole, without the key'(lab) {
    const link = linkOf(lab)
    const path = join(lab.folder, 'a.png')
    writeFileSync(path, 'there before')
    assert.deepEqual(await saveOutput(clientOf(lab), link.url, path), { path, bytes: 1_000_000 })
    assertSaved(lab.folder, 'a.png', whole)
    const seen = await link.seen()
    assertBare(seen)
    assert.equal(seen[0]!.headers.range, undefined)
  },
  async 'a URL object of a file is a path'(lab) {
    await saveOutput(clientOf(lab), linkOf(lab).url, pathToFileURL(join(lab.folder, 'a b.png')))
    assertSaved(lab.folder, 'a b.png', whole)
  },
  async 'a body that breaks off goes on by range'(lab) {
    const link = linkOf(lab, { cut: 400_000 })
    await saveOutput(clientOf(lab), link.url, join(lab.folder, 'a.png'))
    assertSaved(lab.folder, 'a.png', whole)
    const seen = await link.seen()
    assert.deepEqual(statuses(seen), [200, 206])
    assert.match(seen[1]!.headers.range!, /^bytes=\d+-$/)
    assert.equal(seen[1]!.headers['if-range'], '"one"')
    assertBare(seen)
    const start = Number(/\d+/.exec(seen[1]!.headers.range!)![0])
    assert.ok(start > 0 && start <= 400_000)
    assert.equal(seen[1]!.sent, 1_000_000 - start)
  },
  async 'a body that breaks off three times goes on three times'(lab) {
    const link = linkOf(lab, { cut: 200_000, cuts: 3 })
    await saveOutput(clientOf(lab), link.url, join(lab.folder, 'a.png'))
    assertSaved(lab.folder, 'a.png', whole)
    assert.deepEqual(statuses(await link.seen()), [200, 206, 206, 206])
  },
  async 'by the date, where there is no ETag'(lab) {
    const link = linkOf(lab, { cut: 400_000, etag: 'none', modified: 'old' })
    await saveOutput(clientOf(lab), link.url, join(lab.folder, 'a.png'))
    assertSaved(lab.folder, 'a.png', whole)
    const seen = await link.seen()
    assert.deepEqual(statuses(seen), [200, 206])
    assert.equal(seen[1]!.headers['if-range'], 'Thu, 01 Jan 2026 01:00:00 GMT')
  },
  async 'what proves no version is begun again'(lab) {
    for (const script of [
      { etag: 'none' },
      { etag: 'weak' },
      { etag: 'none', modified: 'now' },
      { etag: 'strong', chunked: 1 },
    ] as const) {
      const link = linkOf(lab, { cut: 400_000, ...script })
      await saveOutput(clientOf(lab), link.url, join(lab.folder, 'a.png'))
      assertSaved(lab.folder, 'a.png', whole)
      const seen = await link.seen()
      assert.deepEqual(statuses(seen), [200, 200], JSON.stringify(script))
      assert.equal(seen[1]!.headers.range, undefined)
    }
  },
  async 'a server without ranges sends it again'(lab) {
    const link = linkOf(lab, { cut: 400_000, ranges: 'no' })
    await saveOutput(clientOf(lab), link.url, join(lab.folder, 'a.png'))
    assertSaved(lab.folder, 'a.png', whole)
    assert.deepEqual(statuses(await link.seen()), [200, 200])
  },
  async 'a file that changed meanwhile is never mixed'(lab) {
    for (const [script, expected] of [
      [{ change: 1 }, [200, 200]],
      [{ change: 1, deaf: 1 }, [200, 206, 200]],
      [{ change: 1, deaf: 1, etag: 'none', modified: 'old' }, [200, 206, 200]],
      [{ change: 1, etag: 'none' }, [200, 200]],
    ] as const) {
      const link = linkOf(lab, { cut: 400_000, ...script })
      await saveOutput(clientOf(lab), link.url, join(lab.folder, 'a.png'))
      assertSaved(lab.folder, 'a.png', changed)
      assert.deepEqual(statuses(await link.seen()), expected, JSON.stringify(script))
    }
  },
  async 'a server with ranges of its own making is asked for the whole'(lab) {
    for (const [ranges, expected] of [
      ['wrong', [200, 206, 200]],
      ['refused', [200, 416, 200]],
    ] as const) {
      const link = linkOf(lab, { cut: 400_000, ranges })
      await saveOutput(clientOf(lab), link.url, join(lab.folder, 'a.png'))
      assertSaved(lab.folder, 'a.png', whole)
      assert.deepEqual(statuses(await link.seen()), expected)
    }
    const link = linkOf(lab, { cut: 400_000, ranges: 'longer' })
    await saveOutput(clientOf(lab), link.url, join(lab.folder, 'a.png'))
    assertSaved(lab.folder, 'a.png', whole)
    const part = linkOf(lab, { unasked206: 1 })
    const error = await errorOf(saveOutput(clientOf(lab), part.url, join(lab.folder, 'b.png')), 'b.png')
    assert.equal(error.code, 'ERR_FLOWSCALE_RESPONSE')
    assertSaved(lab.folder, 'a.png', whole)
  },
  async 'a body that always ends too early is an error, and no file'(lab) {
    for (const script of [{}, { ranges: 'no' }, { etag: 'none', chunked: 1 }] as const) {
      const link = linkOf(lab, { cut: 1000, cuts: 99, ...script })
      const saved = saveOutput(clientOf(lab), link.url, join(lab.folder, 'a.png'), { maxRetries: 2 })
      const error = await errorOf(saved, join(lab.folder, 'a.png'))
      assert.equal(error.code, 'ERR_FLOWSCALE_NETWORK')
      assert.match(error.message, /was not saved: GET http\S+ ended after \d+ /)
      assertEmpty(lab.folder)
      assert.equal((await link.seen()).length, 3)
    }
  },
  async 'a body that stalls is a break, by timeoutMs'(lab) {
    const link = linkOf(lab, { cut: 400_000, stall: 1 })
    await saveOutput(clientOf(lab), link.url, join(lab.folder, 'a.png'), { timeoutMs: 300 })
    assertSaved(lab.folder, 'a.png', whole)
    const [first, second, ...others] = statuses(await link.seen())
    assert.deepEqual([first, second], [200, 206])
    // On a busy machine it stalls again.
    assert.ok(others.every((status) => status === 206))
    const again = linkOf(lab, { cut: 400_000, stall: 1, cuts: 99 })
    const options = { timeoutMs: 100, maxRetries: 0 }
    const error = await errorOf(saveOutput(clientOf(lab), again.url, join(lab.folder, 'b'), options), 'b')
    assert.equal(error.code, 'ERR_FLOWSCALE_TIMEOUT')
    assert.equal('timeoutMs' in error && error.timeoutMs, 100)
    assertSaved(lab.folder, 'a.png', whole)
  },
  async 'an abort midway leaves nothing, and its reason comes back'(lab) {
    const link = linkOf(lab, { cut: 400_000, stall: 1 })
    const controller = new AbortController()
    const saved = saveOutput(clientOf(lab), link.url, join(lab.folder, 'a.png'), {
      signal: controller.signal,
    })
    while ((await link.seen())[0]?.sent !== 400_000) await new Promise((done) => setTimeout(done, 5))
    const [part] = readdirSync(lab.folder)
    assert.match(part!, /^\.a\.png\.[\da-z]+\.part$/)
    const reason = new Error('enough')
    controller.abort(reason)
    assert.equal(await saved.catch((error: unknown) => error), reason)
    assertEmpty(lab.folder)
    // An error of ours, such as that of another file, comes back as it was, too.
    const stalled = linkOf(lab, { cut: 400_000, stall: 1 })
    const stop = new AbortController()
    const stopped = saveOutput(clientOf(lab), stalled.url, join(lab.folder, 'a.png'), { signal: stop.signal })
    while (!(await stalled.seen())[0]?.sent) await new Promise((done) => setTimeout(done, 5))
    const other = new ArgumentError('another file')
    stop.abort(other)
    assert.equal(await stopped.catch((error: unknown) => error), other)
    assert.deepEqual([other.message, 'path' in other], ['another file', false])
    const aborted = { signal: AbortSignal.abort(reason) }
    const never = linkOf(lab)
    const error = await saveOutput(clientOf(lab), never.url, `${lab.folder}/new/`, aborted).catch((e) => e)
    assert.equal(error, reason)
    assertEmpty(lab.folder)
    assert.deepEqual(await never.seen(), [])
  },
  async 'an abort after the last byte, while the file has no name yet, leaves nothing'(lab) {
    const reason = new Error('enough')
    const controller = new AbortController()
    const chunks = [whole]
    // The reader is let go of when the body has been read to its end.
    const reader = {
      read: async () => ({ value: chunks[0], done: !chunks.shift() }),
      cancel: async () => controller.abort(reason),
    }
    const fetch = async () =>
      Object.defineProperty(new Response(''), 'body', { value: { getReader: () => reader } })
    const saved = saveOutput(clientOf(lab, { fetch }), linkOf(lab).url, join(lab.folder, 'a.png'), {
      signal: controller.signal,
    })
    assert.equal(await saved.catch((error: unknown) => error), reason)
    assertEmpty(lab.folder)
  },
  async 'a packed body is saved unpacked, and begun again'(lab) {
    const link = linkOf(lab, { gzip: 1 })
    assert.equal((await saveOutput(clientOf(lab), link.url, join(lab.folder, 'a.png'))).bytes, 1_000_000)
    assertSaved(lab.folder, 'a.png', whole)
    const broken = linkOf(lab, { gzip: 1, cut: 3000 })
    await saveOutput(clientOf(lab), broken.url, join(lab.folder, 'a.png'))
    assertSaved(lab.folder, 'a.png', whole)
    assert.deepEqual(statuses(await broken.seen()), [200, 200])
  },
  async 'a file of no bytes is a file'(lab) {
    const { bytes } = await saveOutput(clientOf(lab), linkOf(lab, { size: 0 }).url, join(lab.folder, 'a.txt'))
    assert.equal(bytes, 0)
    assertSaved(lab.folder, 'a.txt', new Uint8Array())
  },
  async 'a link that expires midway is renewed'(lab) {
    const old = linkOf(lab, { cut: 400_000, sig: 'old', expires: 2 })
    const fresh = new URL(old.url)
    fresh.searchParams.set('sig', 'new')
    await nameLink(lab, 'out_1', fresh.href)
    const output = { filename: 'out_1', download_url: old.url }
    await saveOutput(clientOf(lab), output, join(lab.folder, 'a.png'))
    assertSaved(lab.folder, 'a.png', whole)
    const seen = await old.seen()
    assert.deepEqual(statuses(seen), [200, 403, 206])
    assertBare(seen)
    const gone = linkOf(lab, { sig: 'old', expires: 1 })
    const error = await errorOf(saveOutput(clientOf(lab), gone.url, join(lab.folder, 'b.png')), 'b.png')
    assert.equal(error.code === 'ERR_FLOWSCALE_HTTP' && error.status, 403)
    assertSaved(lab.folder, 'a.png', whole)
  },
  async 'an error shows no link that the server echoes'(lab) {
    const word = 'a+b/c=0123456'
    const link = linkOf(lab, { echo: 1, sig: word })
    const error = await errorOf(saveOutput(clientOf(lab), link.url, join(lab.folder, 'a.png')), 'a.png')
    assert.ok(error.code === 'ERR_FLOWSCALE_HTTP')
    assert.match(`${error.body}`, /^No \/file\.png\?id=.*&secret=\[redacted\].*, \/file\.png/)
    const shown = error.message + JSON.stringify(error)
    assert.ok(!shown.includes(word) && !shown.includes(encodeURIComponent(word)), shown)
    assertBare(await link.seen())
  },
  async 'a redirect to another origin carries the range, and no key'(lab) {
    const link = linkOf(lab, { cut: 400_000, cuts: 2 })
    // The redirect counts as the first answer, so that the file breaks off once.
    await saveOutput(clientOf(lab), `${lab.api}/moved?${link.query}`, join(lab.folder, 'a.png'))
    assertSaved(lab.folder, 'a.png', whole)
    const seen = await link.seen()
    assert.deepEqual(statuses(seen), [302, 200, 302, 206])
    assertBare(seen)
  },
  async 'a folder takes the name of the output'(lab) {
    const { url } = linkOf(lab, { name: 'linked%20name.png' })
    const inside = join(lab.folder, 'in')
    mkdirSync(inside)
    const outputs = [
      [{ filename: 'plain.png', download_url: url }, 'plain.png'],
      [{ filename: 'linked name', download_url: url }, 'linked name.png'],
      [url, 'linked name.png'],
      [{ filename: '../../evil.sh', download_url: url }, 'evil.sh'],
      [{ filename: '/etc/passwd', download_url: url }, 'etc_passwd'],
      [{ filename: '..\\..\\x.png', download_url: url }, 'x.png'],
      [{ filename: 'CON.png', download_url: url }, '_CON.png'],
      [{ filename: '.bashrc', download_url: url }, 'bashrc'],
      [{ filename: '\u202egnp.exe', download_url: url }, '_gnp.exe'],
      [{ filename: 'a\0b\n.png', download_url: url }, 'a_b_.png'],
      [{ filename: `${'ü'.repeat(300)}.png`, download_url: url }, `${'ü'.repeat(125)}.png`],
      [{ filename: '...', download_url: url }, 'output'],
    ] as const
    for (const [output, name] of outputs) {
      const { path } = await saveOutput(clientOf(lab), output, inside)
      assert.equal(path, join(inside, name))
      assert.equal(readFileSync(path).length, 1_000_000)
    }
    assert.deepEqual(readdirSync(lab.folder), ['in'])
    await nameLink(lab, 'asked.png', url)
    assert.equal(basename((await saveOutput(clientOf(lab), 'asked.png', inside)).path), 'asked.png')
  },
  async 'a path that ends with a separator is created'(lab) {
    const { path } = await saveOutput(clientOf(lab), linkOf(lab).url, `${lab.folder}/new/deep/`)
    assert.equal(path, join(lab.folder, 'new/deep/file.png'))
    assertSaved(join(lab.folder, 'new/deep'), 'file.png', whole)
  },
  async 'a symbolic link at the target is replaced'(lab) {
    if (process.platform === 'win32') return lab.skip('links need a permission there')
    const victim = join(lab.folder, 'victim')
    writeFileSync(victim, 'mine')
    // Deno makes links only where it may read and write everywhere.
    try {
      symlinkSync(victim, join(lab.folder, 'file.png'))
    } catch (error) {
      if (lab.runtime === 'Deno') return lab.skip('Deno makes links only with all permissions')
      throw error
    }
    await saveOutput(clientOf(lab), linkOf(lab).url, lab.folder)
    assert.equal(readFileSync(victim, 'utf8'), 'mine')
    assert.equal(readFileSync(join(lab.folder, 'file.png')).length, 1_000_000)
    assert.deepEqual(readdirSync(lab.folder).sort(), ['file.png', 'victim'])
  },
  async 'a pipe at the target is not replaced'(lab) {
    if (process.platform === 'win32' || lab.runtime === 'Deno') return lab.skip('no pipes with a name there')
    const { url, seen } = linkOf(lab)
    const path = join(lab.folder, 'pipe')
    execFileSync('mkfifo', [path])
    const error = await errorOf(saveOutput(clientOf(lab), url, path), path)
    assert.equal(error.code, 'ERR_FLOWSCALE_ARGUMENT')
    assert.match(error.message, /is no regular file/)
    assert.deepEqual([await seen(), readdirSync(lab.folder)], [[], ['pipe']])
  },
  async 'two saves to one path leave one whole file'(lab) {
    const path = join(lab.folder, 'a.png')
    const client = clientOf(lab)
    await Promise.all([1, 2, 3].map(() => saveOutput(client, linkOf(lab, { slowMs: 1 }).url, path)))
    assertSaved(lab.folder, 'a.png', whole)
  },
  async 'a wrong path costs no request'(lab) {
    const { url, seen } = linkOf(lab)
    writeFileSync(join(lab.folder, 'file'), '')
    mkdirSync(join(lab.folder, 'dir/file.png'), { recursive: true })
    const at = (...parts: string[]) => join(lab.folder, ...parts)
    for (const [path, words] of [
      [at('missing/a.png'), 'a missing folder'],
      [at('file/a.png'), 'no folder'],
      [`${at('file')}/`, 'there already|no folder'],
      [at('dir'), 'is a folder'],
      [at('x'.repeat(300)), 'name that is too long'],
    ] as const) {
      const error = await errorOf(saveOutput(clientOf(lab), url, path), path)
      assert.equal(error.code, 'ERR_FLOWSCALE_ARGUMENT', error.message)
      assert.match(error.message, new RegExp(words))
    }
    for (const path of ['', 'a\0b', null, new URL('https://x.test/')]) {
      const error = await errorOf(saveOutput(clientOf(lab), url, path as string), 'path')
      assert.equal(error.code, 'ERR_FLOWSCALE_ARGUMENT')
    }
    await errorOf(saveOutput(clientOf(lab), '', `${at('never')}/`), 'source')
    await errorOf(saveOutput(clientOf(lab), url, at('a'), { depth: 1 } as never), 'depth')
    assert.deepEqual(await seen(), [])
    assert.deepEqual(readdirSync(lab.folder).sort(), ['dir', 'file'])
  },
  async 'a folder that is gone at the end is said to be'(lab) {
    if (process.platform === 'win32') return lab.skip('a folder with an open file stays there')
    const folder = join(lab.folder, 'in')
    mkdirSync(folder)
    const link = linkOf(lab, { slowMs: 30 })
    const path = join(folder, 'a.png')
    const saved = errorOf(saveOutput(clientOf(lab), link.url, path), path)
    while (!(await link.seen())[0]?.sent) await new Promise((done) => setTimeout(done, 5))
    rmSync(folder, { recursive: true })
    const error = await saved
    assert.equal(error.code, 'ERR_FLOWSCALE_FILE')
    assert.match(error.message, /^\S+a\.png was not saved: its folder or its part is gone$/)
    assertEmpty(lab.folder)
  },
  async 'a folder in the way at the end is an error of ours'(lab) {
    const link = linkOf(lab, { slowMs: 30 })
    const path = join(lab.folder, 'a.png')
    const saved = errorOf(saveOutput(clientOf(lab), link.url, path), path)
    while (!(await link.seen())[0]?.sent) await new Promise((done) => setTimeout(done, 5))
    mkdirSync(path)
    const error = await saved
    assert.ok(error instanceof FileError)
    assert.equal(error.code, 'ERR_FLOWSCALE_FILE')
    assert.equal(error.path, path)
    assert.ok(error.cause)
    assert.deepEqual(readdirSync(lab.folder), ['a.png'])
  },
}

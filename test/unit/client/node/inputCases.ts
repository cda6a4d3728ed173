// fileInput, in every way in which it can end.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  closeSync,
  mkdirSync,
  openSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { executeWorkflow } from '@flowscale/client'
import { fileInput, saveOutput } from '@flowscale/client/node'
import { type Case, clientOf, errorOf, hashOf, type Lab, linkOf, sent } from './kit.ts'
import { bytesOf } from './serveFiles.ts'

const submit = (lab: Lab, file: Awaited<ReturnType<typeof fileInput>>, timeoutMs = 60_000) =>
  executeWorkflow(clientOf(lab), 'w', { file }, { timeoutMs })

export const inputCases: Record<string, Case> = {
  async 'the bytes arrive, with name and type'(lab) {
    const bytes = bytesOf(300_000)
    const path = join(lab.folder, 'Cat Picture.JPG')
    writeFileSync(path, bytes)
    const file = await fileInput(path)
    assert.ok(file instanceof Blob)
    assert.deepEqual([file.name, file.type, file.size], ['Cat Picture.JPG', 'image/jpeg', 300_000])
    await submit(lab, file)
    const expected = { filename: 'Cat Picture.JPG', type: 'image/jpeg', bytes: 300_000, hash: hashOf(bytes) }
    assert.deepEqual(await sent(lab), expected)
    // Once more: nothing is used up.
    await submit(lab, file)
    assert.deepEqual(await sent(lab), expected)
    await submit(lab, await fileInput(pathToFileURL(path), { name: 'b.bin', type: 'x/y' }))
    assert.deepEqual(await sent(lab), { ...expected, filename: 'b.bin', type: 'x/y' })
    assert.equal((await fileInput(path, { name: 'clip.mp4' })).type, 'video/mp4')
    assert.equal((await fileInput(path, { name: 'none' })).type, '')
  },
  async 'an empty file is sent'(lab) {
    const path = join(lab.folder, 'a.txt')
    writeFileSync(path, '')
    await submit(lab, await fileInput(path))
    assert.equal((await sent(lab)).bytes, 0)
  },
  async 'a wrong path names itself'(lab) {
    const at = (name: string) => join(lab.folder, name)
    mkdirSync(at('dir'))
    writeFileSync(at('file'), '')
    const refused = async (path: string, words: RegExp) => {
      const error = await errorOf(fileInput(path), path)
      assert.equal(error.code, 'ERR_FLOWSCALE_ARGUMENT')
      assert.match(error.message, words)
      return error
    }
    const { cause } = await refused(at('missing.png'), /does not exist/)
    assert.equal(Object(cause).code, 'ENOENT')
    await refused(at('dir'), /is a folder/)
    await refused(at('file/x'), /no folder/)
    // A file of holes takes no room.
    const file = openSync(at('large.bin'), 'w')
    closeSync(file)
    truncateSync(at('large.bin'), 2 ** 32)
    await refused(at('large.bin'), /4 GiB/)
    for (const path of ['', null, 5, 'a\0b', new URL('https://x.test/a.png')]) {
      const error = await errorOf(fileInput(path as string), 'path must')
      assert.equal(error.code, 'ERR_FLOWSCALE_ARGUMENT')
    }
    await errorOf(fileInput(at('file'), { name: '' }), 'name')
    await errorOf(fileInput(at('file'), { kind: 'x' } as never), 'kind')
  },
  async 'a pipe is no file, and does not hang'(lab) {
    if (process.platform === 'win32' || lab.runtime === 'Deno') return lab.skip('no pipes with a name there')
    const path = join(lab.folder, 'pipe')
    execFileSync('mkfifo', [path])
    assert.match((await errorOf(fileInput(path), path)).message, /no regular file/)
  },
  async 'a file that has changed is refused before anything is sent'(lab) {
    const path = join(lab.folder, 'changed.png')
    writeFileSync(path, bytesOf(300_000))
    const file = await fileInput(path)
    appendFileSync(path, 'more')
    for (const change of [() => appendFileSync(path, 'more'), () => unlinkSync(path)]) {
      change()
      const error = await errorOf(submit(lab, file), path)
      assert.equal(error.code, 'ERR_FLOWSCALE_ARGUMENT')
      assert.match(error.message, /has changed or is gone/)
    }
  },
  async 'Deno says which permission is missing'(lab) {
    if (lab.runtime !== 'Deno') return lab.skip('only Deno has permissions')
    assert.match((await errorOf(fileInput('/etc/hostname'), '/etc/hostname')).message, /--allow-read/)
    const saved = saveOutput(clientOf(lab), linkOf(lab).url, '/var/tmp/a.png')
    assert.match((await errorOf(saved, '/var/tmp/a.png')).message, /--allow-(read|write)/)
  },
}

const mib = 2 ** 20

/**
 * By how many MiB this process grows until the function it gives is called. On Node without garbage, which newer ones leave
 * lying for as long as there is room.
 */
function watchMemory(lab: Lab): () => number {
  if (lab.node) setFlagsFromString('--expose-gc')
  const collect: (() => void) | undefined = lab.node ? runInNewContext('gc') : undefined
  const before = process.memoryUsage().rss
  let peak = before
  const timer = setInterval(() => {
    collect?.()
    peak = Math.max(peak, process.memoryUsage().rss)
  }, 20)
  return () => {
    clearInterval(timer)
    return Math.round((peak - before) / mib)
  }
}

/** Needs a process of its own: memory is measured. */
export const largeCases: Record<string, Case> = {
  async '200 MiB are uploaded with flat memory'(lab) {
    const path = join(lab.folder, 'large.bin')
    const piece = bytesOf(mib)
    const file = openSync(path, 'w')
    for (let i = 0; i < 200; i++) writeSync(file, piece)
    closeSync(file)
    const grownBy = watchMemory(lab)
    await submit(lab, await fileInput(path), 600_000)
    const grown = grownBy()
    unlinkSync(path)
    assert.equal((await sent(lab)).bytes, 200 * mib)
    lab.show(`upload of 200 MiB: ${grown} MiB of memory`)
    if (lab.node >= 20) assert.ok(grown < 120, `${grown} MiB`)
  },
  async '200 MiB are saved with flat memory'(lab) {
    const grownBy = watchMemory(lab)
    const { url } = linkOf(lab, { size: 200 * mib })
    const { bytes } = await saveOutput(clientOf(lab), url, join(lab.folder, 'large.bin'))
    const grown = grownBy()
    unlinkSync(join(lab.folder, 'large.bin'))
    assert.equal(bytes, 200 * mib)
    lab.show(`download of 200 MiB: ${grown} MiB of memory`)
    assert.ok(grown < 120, `${grown} MiB`)
  },
}

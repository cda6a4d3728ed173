// Disks that say no. The process has a limit on the size of files (`ulimit -f`), of about 300,000 bytes.
import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FileError, fileInput, saveOutput } from '@flowscale/client/node'
import { assertEmpty, type Case, clientOf, errorOf, linkOf } from './kit.ts'

export const diskCases: Record<string, Case> = {
  async 'a file that the disk does not take is an error of ours'(lab) {
    if (lab.runtime === 'Deno') return lab.skip('the limit of the system ends the process there')
    const { url, seen } = linkOf(lab)
    const path = join(lab.folder, 'a.png')
    const error = await errorOf(saveOutput(clientOf(lab), url, path), path)
    assert.ok(error instanceof FileError, error.stack)
    assert.match(error.message, /was not saved: it is too large/)
    assert.equal(Object(error.cause).code, 'EFBIG')
    assertEmpty(lab.folder)
    // Not again: the disk would not take it then either.
    assert.equal((await seen()).length, 1)
    // What fits is saved.
    await saveOutput(clientOf(lab), linkOf(lab, { size: 1000 }).url, path)
  },
  async 'a full disk is an error of ours'(lab) {
    // A mount of the tester's own, where there is one.
    const small = process.env.FLOWSCALE_SMALL_DISK
    if (!small) return lab.skip('no small disk is mounted')
    const error = await errorOf(saveOutput(clientOf(lab), linkOf(lab).url, small), small)
    assert.ok(error instanceof FileError, error.stack)
    assert.match(error.message, /the disk is full/)
    assert.equal(Object(error.cause).code, 'ENOSPC')
    assertEmpty(small)
  },
  async 'what is not permitted is told before any request'(lab) {
    const isRoot = process.getuid?.() === 0
    // Root may do everything; Node can be somebody else for a while.
    if (isRoot && !lab.node) return lab.skip('root may write everywhere')
    const folder = join(isRoot ? mkdtempSync(join(tmpdir(), 'flowscale-locked-')) : lab.folder, 'locked')
    mkdirSync(folder)
    writeFileSync(join(folder, 'secret.png'), 'x')
    chmodSync(join(folder, 'secret.png'), 0)
    chmodSync(join(folder, '..'), 0o755)
    chmodSync(folder, 0o555)
    const { url, seen } = linkOf(lab)
    if (isRoot) process.seteuid!(65_534)
    try {
      for (const refused of [
        () => saveOutput(clientOf(lab), url, folder),
        () => fileInput(join(folder, 'secret.png')),
      ]) {
        const error = await errorOf(refused(), folder)
        assert.equal(error.code, 'ERR_FLOWSCALE_ARGUMENT')
        assert.match(error.message, /is not permitted/)
        assert.equal(Object(error.cause).code, 'EACCES')
      }
    } finally {
      if (isRoot) process.seteuid!(0)
      chmodSync(folder, 0o755)
    }
    assert.deepEqual(await seen(), [])
  },
}

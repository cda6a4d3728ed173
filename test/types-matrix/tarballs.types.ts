// The packed tarballs, as publint and "are the types wrong?" judge them. They are for ESM only.
import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { assert, suite } from '#test'
import { runCommand } from '../../scripts/test/runFile.ts'

const test = suite('tarballs')
const modules = resolve('test/types-matrix/node_modules')
const folder = mkdtempSync(join(tmpdir(), 'flowscale-tarballs-'))
test.after(() => rmSync(folder, { recursive: true }))

function pack(from: string): string {
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder]
  const [packed] = JSON.parse(execFileSync('npm', args, { cwd: from, encoding: 'utf8' }))
  return join(folder, packed.filename)
}

const publint = (tarball: string) =>
  runCommand(process.execPath, [join(modules, 'publint/src/cli.js'), tarball, '--strict'])
const attw = (tarball: string) =>
  runCommand(process.execPath, [
    join(modules, '@arethetypeswrong/cli/dist/index.js'),
    // With the old moduleResolution of TypeScript, too.
    ...[tarball, '--profile', 'strict', '--ignore-rules', 'cjs-resolves-to-esm', '--no-color'],
  ])

for (const name of ['client', 'flowscale', 'gateway', 'emulator', 'ai-sdk', 'mcp']) {
  test(`${name}: both have nothing to say`, async () => {
    const tarball = pack(`packages/${name}`)
    for (const { code, output } of [await publint(tarball), await attw(tarball)]) assert.is(code, 0, output)
  })
}

test('and both see a tarball that is wrong', async () => {
  const wrong = join(folder, 'wrong')
  cpSync('packages/client', wrong, { recursive: true })
  const manifest = JSON.parse(readFileSync(join(wrong, 'package.json'), 'utf8'))
  manifest.name = '@flowscale/wrong'
  // For publint: the types come last. For attw: there are none.
  manifest.exports['./logger'] = { default: './dist/logger.js', types: './dist/logger.d.ts' }
  manifest.exports['./poller'] = './dist/poller.js'
  writeFileSync(join(wrong, 'package.json'), JSON.stringify(manifest))
  rmSync(join(wrong, 'dist/poller.d.ts'))
  const tarball = pack(wrong)
  assert.is((await publint(tarball)).code, 1)
  assert.is((await attw(tarball)).code, 1)
})

import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { assert, suite } from '#test'
import { packages } from '../../../scripts/lib/ensure.mjs'
import { missing } from '../../../scripts/release.mjs'

const test = suite('check of a release')
const repository = { url: 'git+https://example.com/flowscale.git', directory: 'packages/client' }
const whole = { homepage: 'https://example.com', bugs: 'https://example.com/bugs', author: 'Ada', repository }
const inClient = (manifest: object, readme = '') => missing('packages/client', manifest, readme)

test('names each field that is missing, with its file', () => {
  assert.equal(inClient(whole), [])
  assert.equal(inClient({}), [
    'packages/client/package.json: homepage',
    'packages/client/package.json: bugs',
    'packages/client/package.json: author',
    'packages/client/package.json: repository.url',
    'packages/client/package.json: repository.directory, which is "packages/client"',
  ])
  const elsewhere = { ...whole, repository: { ...repository, directory: 'packages/gateway' } }
  assert.is(inClient(elsewhere).length, 1)
})

test('names each link of a README that leads nowhere on a registry', () => {
  assert.equal(inClient(whole, '[a](#a) [b](https://example.com) `[c](c.md)`\n```\n[d](d.md)\n```'), [])
  assert.equal(
    inClient(whole, 'One\n\n- [a](../../docs/a.md#b)\n- ![b](b.png)\n\n[c]: ./c.md').map(placeOf),
    ['packages/client/README.md:3', 'packages/client/README.md:4', 'packages/client/README.md:6'],
  )
})
const placeOf = (line: string): string => line.replace(/: .*/, '')

test('ends with 1, except in a dry run of npm', () => {
  const run = (npm_config_dry_run: string) =>
    spawnSync(process.execPath, ['scripts/release.mjs', '--check'], {
      encoding: 'utf8',
      env: { ...process.env, npm_config_dry_run },
    })
  const [real, dry] = [run(''), run('true')]
  const isReady = real.stderr === ''
  assert.equal([real.status, dry.status], [isReady ? 0 : 1, 0])
  assert.is(dry.stderr, real.stderr)
  assert.is(dry.stdout, '')
})

const manifest = (folder: string) => JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'))

test('a package is published after those that it needs, and a private one not at all', () => {
  for (const [index, folder] of packages.entries()) {
    const { dependencies, peerDependencies } = manifest(folder)
    const later = packages.slice(index).map((other) => manifest(other).name)
    assert.not.ok(
      later.some((name) => name in { ...dependencies, ...peerDependencies }),
      folder,
    )
  }
  const folders = readdirSync('packages', { withFileTypes: true }).filter((entry) => entry.isDirectory())
  const all = folders.map(({ name }) => `packages/${name}`)
  assert.equal([...packages].sort(), all.filter((folder) => !manifest(folder).private).sort())
})

test('each package runs it before it is published, and has the words that people search for', () => {
  for (const folder of packages) {
    const { name, scripts, keywords } = manifest(folder)
    assert.is(scripts.prepublishOnly, 'node ../../scripts/release.mjs --check', name)
    for (const word of ['comfyui', 'comfyui-api', 'stable-diffusion', 'image-generation', 'workflow']) {
      assert.ok(keywords.includes(word), `${name} has no keyword ${word}`)
    }
  }
})

test('the changelog has a section of each package', () => {
  const sections = [...readFileSync('CHANGELOG.md', 'utf8').matchAll(/^### (.*)/gm)].map(([, name]) => name)
  for (const folder of packages) {
    const { name } = manifest(folder)
    assert.ok(sections.includes(name), name)
  }
})

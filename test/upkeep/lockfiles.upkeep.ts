import { readdirSync, readFileSync } from 'node:fs'
import { assert, suite } from '#test'

const test = suite('lockfiles')

interface Entry {
  resolved?: string
  integrity?: string
  link?: boolean
}

const nested = ['test', 'scripts', 'examples']
  .flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).map(
      (file) => `${folder}/${file.replaceAll('\\', '/')}`,
    ),
  )
  .filter((file) => file.endsWith('/package-lock.json') && !file.includes('node_modules'))

for (const file of ['package-lock.json', ...nested]) {
  test(`${file}: what comes from a registry has an integrity`, () => {
    const { packages } = JSON.parse(readFileSync(file, 'utf8')) as { packages: Record<string, Entry> }
    const installed = Object.entries(packages).filter(
      ([path, { link }]) => path.includes('node_modules/') && !link,
    )
    assert.ok(installed.length > 0)
    const bare = installed.filter(([, { integrity }]) => !/^sha512-/.test(integrity ?? ''))
    assert.equal(
      bare.map(([path]) => path),
      [],
    )
  })
}

test('the lockfiles of the runtimes and of the peers are among them', () => {
  assert.ok(nested.includes('test/runtimes/package-lock.json'))
  assert.ok(nested.includes('scripts/bench/peers/package-lock.json'))
})

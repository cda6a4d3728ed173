// jsr.json says what package.json says. That Deno would publish it is in test/types-matrix/jsr.types.ts.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { assert, suite } from '#test'

const test = suite('jsr.json')
const read = (path: string) => JSON.parse(readFileSync(path, 'utf8'))
/**
 * Entries that JSR lacks, with the sources that are excluded for them.
 *
 * Hooks work with the app's own React alone. A package on JSR names one range of versions, `npm:react@19`, and would bring
 * apps with React 18 a second one. They have the hooks from npm.
 *
 * JSR has no commands. Without them, the sources of the gateway import no commander. The emulator is on npm only: JSR takes
 * sources, and those of the emulator import sources of the gateway. So is MCP, which hosts start by npx.
 */
const onlyNpm: Record<string, { entries: string[]; sources: string[] }> = {
  client: { entries: ['./react'], sources: ['src/react.ts'] },
  flowscale: { entries: [], sources: ['src/command', 'src/command.ts'] },
  gateway: { entries: [], sources: ['src/internal.ts', 'src/internalNode.ts', 'src/command', 'src/cli.ts'] },
}
const config = readFileSync('rollup.config.mjs', 'utf8')

for (const name of ['client', 'flowscale', 'gateway', 'ai-sdk']) {
  const folder = `packages/${name}`
  const manifest = read(`${folder}/package.json`)
  const jsr = read(`${folder}/jsr.json`)

  test(`${name}: the same name, version and license`, () => {
    // A name without a scope is for npm only.
    assert.is(jsr.name, manifest.name.startsWith('@') ? manifest.name : `@flowscale/${manifest.name}`)
    assert.equal([jsr.version, jsr.license], [manifest.version, manifest.license])
  })

  test(`${name}: the same entry points, from the sources that they are built from`, () => {
    const { './package.json': _, ...entries } = manifest.exports
    assert.equal(
      Object.keys(jsr.exports),
      Object.keys(entries).filter((entry) => !onlyNpm[name]?.entries.includes(entry)),
    )
    assert.equal(jsr.publish.exclude, onlyNpm[name]?.sources)
    for (const source of onlyNpm[name]?.sources ?? []) assert.ok(existsSync(`${folder}/${source}`), source)
    for (const [entry, file] of Object.entries<string>(jsr.exports)) {
      assert.ok(existsSync(`${folder}/${file}`), file)
      const built = entry === '.' ? 'index' : entry.slice(2)
      assert.is(entries[entry].default, `./dist/${built}.js`)
      assert.ok(
        config.includes(`${built}: '${file.replace('./src/', '')}'`),
        `${built} is built from ${file}`,
      )
    }
  })

  test(`${name}: the same dependencies`, () => {
    // On JSR there are no peers: those of npm that are not optional are imported, and those that an entry imports.
    const excluded = (jsr.publish.exclude ?? []) as string[]
    const sources = readdirSync(`${folder}/src`, { recursive: true })
      .map((file) => `src/${file}`)
      .filter((file) => file.endsWith('.ts') && !excluded.some((one) => file.startsWith(one)))
      .map((file) => readFileSync(`${folder}/${file}`, 'utf8'))
    const { dependencies, peerDependencies: peers = {}, peerDependenciesMeta: meta = {} } = manifest
    const needed = Object.entries<string>(peers).filter(
      ([peer]) => !meta[peer]?.optional || sources.some((code) => code.includes(`from '${peer}'`)),
    )
    const wanted = [...Object.entries<string>(dependencies ?? {}), ...needed].map(([dependency, range]) => [
      dependency,
      `${dependency.startsWith('@flowscale/') ? 'jsr' : 'npm'}:${dependency}@${range}`,
    ])
    assert.equal(Object.entries(jsr.imports ?? {}), wanted)
  })
}

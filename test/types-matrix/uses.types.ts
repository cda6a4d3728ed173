// Every export of every entry point is used in app/uses.ts or test/types, which the compilers of this folder check.
import { readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import ts from 'typescript'
import { assert, suite } from '#test'

const test = suite('uses')

test('the compilers see each of them', () => {
  const typesOf = readdirSync('test/types').map((name) => `test/types/${name}`)
  const files = ['test/types-matrix/app/uses.ts', ...typesOf]
  const entries = ['client', 'flowscale', 'emulator'].flatMap((name) => {
    const folder = `packages/${name}`
    const { name: from, exports } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'))
    return Object.entries<{ types?: string }>(exports).flatMap(([entry, { types }]) =>
      types ? [{ from: `${from}${entry.slice(1)}`, path: resolve(folder, types) }] : [],
    )
  })
  assert.ok(entries.length >= 8)
  const program = ts.createProgram(
    entries.map(({ path }) => path),
    { module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler, types: [] },
  )
  const checker = program.getTypeChecker()
  const used = new Map<string, Set<string>>()
  for (const text of files.map((file) => readFileSync(file, 'utf8'))) {
    for (const [, space, names = '', from] of text.matchAll(
      /^import (?:\* as (\w+)|(?:type )?\{([^}]*)\}) from '(.*)'$/gm,
    )) {
      const found = space
        ? [...text.matchAll(new RegExp(`\\b${space}\\.(\\w+)`, 'g'))].map(([, name]) => name!)
        : names.split(',').map((name) => name.trim().replace(/^type /, ''))
      used.set(from!, new Set([...(used.get(from!) ?? []), ...found]))
    }
  }
  for (const { from, path } of entries) {
    const module = checker.getSymbolAtLocation(program.getSourceFile(path)!)!
    const names = checker.getExportsOfModule(module).map(({ name }) => name)
    assert.ok(names.length > 0)
    assert.equal(
      names.filter((name) => !used.get(from)?.has(name)),
      [],
      from,
    )
  }
})

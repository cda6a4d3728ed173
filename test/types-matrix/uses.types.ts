// Every export of every entry point is used in app/uses.ts, which the compilers of this folder check.
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import ts from 'typescript'
import { assert, suite } from '#test'

const test = suite('uses')

test('the compilers see each of them', () => {
  const file = 'test/types-matrix/app/uses.ts'
  const entries = ['client', 'flowscale', 'emulator'].flatMap((name) => {
    const folder = `packages/${name}`
    const { name: from, exports } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'))
    return Object.entries<{ types?: string }>(exports).flatMap(([entry, { types }]) =>
      types ? [{ from: `${from}${entry.slice(1)}`, path: resolve(folder, types) }] : [],
    )
  })
  assert.ok(entries.length >= 8)
  const program = ts.createProgram([file, ...entries.map(({ path }) => path)], {
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    target: ts.ScriptTarget.ES2022,
    types: [],
  })
  const checker = program.getTypeChecker()
  const used = new Map<string, Set<string>>()
  const uses = program.getSourceFile(file)!
  for (const statement of uses.statements) {
    if (!ts.isImportDeclaration(statement)) continue
    const { text: from } = statement.moduleSpecifier as ts.StringLiteral
    const bindings = statement.importClause?.namedBindings
    const names = used.get(from) ?? new Set()
    if (bindings && ts.isNamedImports(bindings))
      for (const { name, propertyName = name } of bindings.elements) names.add(propertyName.text)
    else for (const [, name] of uses.text.matchAll(/\bfacade\.(\w+)/g)) names.add(name!)
    used.set(from, names)
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

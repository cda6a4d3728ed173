// The bugs of `npm run test:mutants` still apply.
import { existsSync, readFileSync } from 'node:fs'
import { assert, suite } from '#test'
import { mutants } from '../mutants/index.ts'

const test = suite('mutants')

for (const [name, { file, from, test: path }] of Object.entries(mutants)) {
  test(name, () => {
    assert.is(readFileSync(file, 'utf8').split(from).length, 2, `${from} has to stand once in ${file}`)
    assert.ok(existsSync(path), path)
  })
}

import { suite } from '#test'

const test = suite('exits')
test('ends the process', () => process.exit(0))
test('comes after', () => {})

import { suite } from '#test'

const test = suite('waits')
test('for nothing that could come', () => new Promise(() => {}))

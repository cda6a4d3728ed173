import { suite } from '#test'

const test = suite('hangs')
test('waits for ever', async () => {
  setInterval(() => {}, 1000)
  await new Promise(() => {})
})

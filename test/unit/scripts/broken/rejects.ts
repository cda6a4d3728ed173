import { suite } from '#test'

const test = suite('rejects')
test('leaves a promise', async () => {
  void Promise.reject(new RangeError('nobody awaits this'))
  await new Promise((resolve) => setTimeout(resolve, 10))
})

import { spawn } from 'node:child_process'
import { suite } from '#test'

const test = suite('hangs')
test('waits for ever', async () => {
  const { pid } = spawn('sleep', ['60'], { detached: true, stdio: 'ignore' })
  process.on('exit', () => process.kill(-pid!, 'SIGKILL'))
  console.log(`group ${pid}`)
  setInterval(() => {}, 1000)
  await new Promise(() => {})
})

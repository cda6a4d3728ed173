import { spawn } from 'node:child_process'
import { suite } from '#test'

const test = suite('leaves')
test('a process', () => {
  spawn('sleep', ['60'], { stdio: 'inherit' }).unref()
})

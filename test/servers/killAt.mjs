// For `--import`, with `?n=`: ends the gateway as `kill -9` does, at the n-th step of its store and of the runs that it sends.
import http from 'node:http'
import { syncBuiltinESMExports } from 'node:module'
import { ClassicLevel } from 'classic-level'
import { Redis } from 'ioredis'

const last = Number(new URL(import.meta.url).searchParams.get('n'))
let steps = 0
function step() {
  steps++
  if (steps === last) process.kill(process.pid, 'SIGKILL')
}

for (const name of ['_put', '_batch']) {
  const write = ClassicLevel.prototype[name]
  ClassicLevel.prototype[name] = async function (...args) {
    step()
    await write.apply(this, args)
    step()
  }
}

const { sendCommand } = Redis.prototype
Redis.prototype.sendCommand = function (command, ...rest) {
  // Only a commit has two keys. A beat, which comes each second, has one.
  const isCommit = command.name === 'evalsha' && Number(command.args[1]) === 2
  if (isCommit) step()
  const answer = sendCommand.call(this, command, ...rest)
  if (isCommit) {
    // Redis has it, and its answer will be lost.
    step()
    answer.then(step, () => {})
  }
  return answer
}

const { request } = http
http.request = (url, options, ...rest) => {
  const isRun = options?.method === 'POST' && String(url).endsWith('/prompt')
  if (isRun) step()
  const sent = request(url, options, ...rest)
  // While ComfyUI takes it.
  if (isRun) setTimeout(step, 2)
  return isRun ? sent.on('close', step) : sent
}
syncBuiltinESMExports()

// Shows progress as the verbs do; the tests start it in a terminal and in pipes. `progress.ts DONE|WAIT|EXIT TEXT …`

import { writeLines } from '../../../packages/flowscale/src/command/terminal/printer.ts'
import { createProgress } from '../../../packages/flowscale/src/command/terminal/progress.ts'

const [end, ...texts] = process.argv.slice(2)
const progress = createProgress({ isQuiet: false })
// A key is not echoed, which would move the line.
if (process.stdin.isTTY) process.stdin.setRawMode(true)
const hold = setInterval(() => {}, 1000)
for (const text of texts) {
  progress.show(text)
  // Each is seen, however slow the machine is: a key says that it was.
  await new Promise((resolve) => process.stdin.once('data', resolve))
  writeLines(process.stderr, `a note on ${text}\n`)
}
if (end === 'EXIT') process.exit(1)
if (end !== 'WAIT') {
  progress.stop()
  clearInterval(hold)
  process.stdin.destroy()
  console.log('the result')
}

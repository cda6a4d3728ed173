// Loaded before each test file: what would only be printed must fail the run.
import { CANARY, looks } from './canary.ts'

/** Set at the very end: uvu sets the exit code to 0 when all its tests passed. */
let bad = 0

process.on('warning', (warning) => {
  console.error(`NODE WARNING: ${warning.stack ?? warning}`)
  bad = 97
})
process.on('unhandledRejection', (reason) => {
  console.error('UNHANDLED REJECTION:', reason)
  bad = 98
})

for (const stream of [process.stdout, process.stderr]) {
  const write = stream.write.bind(stream)
  stream.write = ((chunk: string | Uint8Array, ...rest: []) => {
    if (Buffer.from(chunk as string).includes(CANARY)) {
      bad = 99
      return write('LEAK: the canary key was printed\n')
    }
    return write(chunk, ...rest)
  }) as typeof stream.write
}

process.on('exit', () => {
  console.log(`canary looks: ${looks}`)
  if (bad) process.exitCode = bad
})

// Loaded before each test file: what would only be printed must fail the run.
import { CANARY, looks } from './canary.ts'

process.on('warning', (warning) => {
  console.error(`NODE WARNING: ${warning.stack ?? warning}`)
  process.exitCode = 97
})
process.on('unhandledRejection', (reason) => {
  console.error('UNHANDLED REJECTION:', reason)
  process.exitCode = 98
})

for (const stream of [process.stdout, process.stderr]) {
  const write = stream.write.bind(stream)
  stream.write = ((chunk: string | Uint8Array, ...rest: []) => {
    if (Buffer.from(chunk as string).includes(CANARY)) {
      process.exitCode = 99
      return write('LEAK: the canary key was printed\n')
    }
    return write(chunk, ...rest)
  }) as typeof stream.write
}

process.on('exit', () => {
  console.log(`canary looks: ${looks}`)
})

// `child.ts FILE`: runs one test file. What would only be printed, such as a warning, fails the file.
import { pathToFileURL } from 'node:url'
import { CANARY, looks } from './canary.ts'
import { failToRead, runSuites, tell, tellFault } from './test.ts'

process.on('warning', (warning) => tellFault('Node warned', warning))
process.on('unhandledRejection', (reason) => tellFault('a rejected promise that nobody awaits', reason))
process.on('uncaughtExceptionMonitor', (error) => tellFault('an error that nobody caught', error))
process.on('exit', () => tell({ looks }))
// So that `exit` ends what the file has started. A test that emits the event gives no number.
process.on('SIGTERM', (_signal: string, number?: number) => number && process.exit(143))

for (const stream of [process.stdout, process.stderr]) {
  const write = stream.write.bind(stream)
  stream.write = ((chunk: string | Uint8Array, ...rest: []) => {
    if (!Buffer.from(chunk as string).includes(CANARY)) return write(chunk, ...rest)
    tellFault('the canary key was printed')
    return write('LEAK: the canary key was printed\n')
  }) as typeof stream.write
}

// As if the file had been started by itself.
process.argv.splice(1, 1)
await import(pathToFileURL(process.argv[1]!).href).catch(failToRead)
runSuites()

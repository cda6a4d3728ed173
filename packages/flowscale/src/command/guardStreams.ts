/**
 * Whoever reads stdout may leave: a verb that only prints ends then, and one that does more goes on in silence. Output
 * that is lost for another reason, such as a full disk, is an error. What stderr says is not worth ending for.
 */
export function guardStreams(goesOn: () => boolean): void {
  let isTold = false
  process.stderr.on('error', () => {})
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') {
      if (!goesOn()) process.exit(0)
      return
    }
    process.exitCode ||= 1
    if (!isTold) process.stderr.write(`flowscale: The output is lost: ${error.message}\n`)
    isTold = true
  })
}

// Files that failed by time alone, and passed when they ran once more: a list over runs, which git ignores. A file that
// comes twice is mended at its root, or deleted.
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import type { Outcome } from './runFile.ts'

const path = '.tmp/flaky.txt'

export function record(suite: string, outcomes: readonly Outcome[]): void {
  mkdirSync('.tmp', { recursive: true })
  for (const { name, failures } of outcomes) {
    const { place, message } = failures.find((failure) => failure.isLate)!
    const line = `${name} (${suite}, ${new Date().toISOString()}): ${place}: ${message}`
    appendFileSync(path, `${line.replace(/\s+/g, ' ').slice(0, 500)}\n`)
  }
}

/** What was recorded, by file. */
export function list(): string {
  const lines = existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n').sort() : []
  return lines.join('\n') || 'No file was flaky.'
}

// `bundle.mjs TOOL JOBS REPORT`: bundles all jobs in the file JOBS with one tool, and writes what came of them to
// the file REPORT. A process of its own, so that whatever a tool prints is seen, too.
import { readFileSync, writeFileSync } from 'node:fs'

const [tool, jobs, report] = process.argv.slice(2)
const { bundle, version } = await import(`./tools/${tool}.mjs`)
const results = []
for (const job of JSON.parse(readFileSync(jobs, 'utf8'))) {
  try {
    results.push({ warnings: (await bundle(job)) ?? [] })
  } catch (error) {
    results.push({ warnings: [], error: String(error?.stack ?? error) })
  }
}
writeFileSync(report, JSON.stringify({ version: await version, results }))
// Some leave workers behind.
process.exit()

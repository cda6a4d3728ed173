import { cases } from './cases.ts'
import { type Case, type Context, type Dialect, dialects, type Lab, type Need } from './types.ts'

/** What came of the cases in one runtime. */
export interface Report {
  version: string
  cases: number
  passed: number
  skipped: { name: string; reason: string }[]
  failed: { name: string; error: string }[]
}

export type Packages = Pick<Context, 'lib' | 'FlowscaleAPI' | 'copy'>

export interface Where {
  /** Where the servers are made; see controlLab.ts. */
  control: string
  version: string
  /** Why a need is not met here. */
  lacks: Partial<Record<Need, string>>
  /** How many cases go on at the same time. */
  atOnce: number
  /** Of the client; more than a case needs for its server. */
  options: { allowDangerouslyExposeApiKey?: boolean }
}

const limitMs = 180_000

/** Runs every case in each of its dialects. Throws nothing: what fails is in the report. */
export async function runCases(packages: Packages, where: Where): Promise<Report> {
  const report: Report = { version: where.version, cases: 0, passed: 0, skipped: [], failed: [] }
  const jobs = cases.flatMap((one) => (one.dialects ?? dialects).map((dialect) => ({ one, dialect })))
  report.cases = jobs.length
  const work = async () => {
    for (let job = jobs.shift(); job; job = jobs.shift()) await runCase(job.one, job.dialect)
  }

  async function runCase(one: Case, dialect: Dialect): Promise<void> {
    const name = `${one.operation}: ${one.name} (${dialect})`
    const reason = one.needs?.map((need) => where.lacks[need]).find(Boolean)
    if (reason) return void report.skipped.push({ name, reason })
    let timer: ReturnType<typeof setTimeout> | undefined
    try {
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error(`no end within ${limitMs} ms`)), limitMs)
      })
      await Promise.race([inLab(one, dialect), late])
      report.passed++
    } catch (error) {
      const { stack, message } = Object(error)
      report.failed.push({ name, error: `${message ?? error}\n${stack ?? ''}` })
    } finally {
      clearTimeout(timer)
    }
  }

  async function inLab(one: Case, dialect: Dialect): Promise<void> {
    const { call, lab } = await openLab(where.control)
    try {
      const pod = await call('pod', dialect)
      const png = Uint8Array.from(await call('png'))
      const options = { ...pod, ...where.options }
      await one.run({ ...packages, dialect, options, containers: 2, lab, png })
    } finally {
      await call('close')
    }
  }

  await Promise.all(Array.from({ length: where.atOnce }, work))
  return report
}

/** The lab of one case, in the process of the control server. */
async function openLab(control: string) {
  // A plain text, so that browsers ask nothing before.
  const ask = async (body: unknown): Promise<any> => {
    const response = await fetch(`${control}/call`, { method: 'POST', body: JSON.stringify(body) })
    const text = await response.text()
    if (!response.ok) throw new Error(text)
    return text ? JSON.parse(text) : undefined
  }
  const id = await ask({ method: 'open' })
  const call = (method: string, ...args: unknown[]) => ask({ id, method, args })
  const lab: Lab = {
    async script(steps) {
      const { url, place } = await call('script', steps)
      return { url, seen: () => call('seen', place) }
    },
    emulator: (socket) => call('emulator', socket),
    closed: () => call('closed'),
  }
  return { call, lab }
}

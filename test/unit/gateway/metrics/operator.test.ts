// What an operator sees of a gateway: probes, figures, and the log of runs and stores.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createGateway, type GatewayOptions } from '@flowscale/gateway'
import { type Engine, EngineError, type Observer } from '@flowscale/gateway/http'
import { assert, suite } from '#test'
import { createMeter, METRICS } from '../../../../packages/gateway/src/metrics/createMeter.ts'
import { createComplain, watchStore } from '../../../../packages/gateway/src/records/watchStore.ts'
import { rejection } from '../../../support/fakes.ts'
import { suiteWithClock } from '../../../support/suiteWithClock.ts'
import { fakeEngine } from '../fakeEngine.ts'

const test = suiteWithClock('an operator', 'performance')
const KEY = 'a-key'
const idle = { name: 'gpu-1', url: 'u', status: 'idle', running: [], pending: [] } as const
const busy = { ...idle, status: 'running', pending: [[2, 'r2']] } as const
const line = (waiting: number) => ({ ...idle, name: 'queue', isQueue: true, waiting })
const fail = () => Promise.reject(new EngineError(503, 'connect ECONNREFUSED 10.0.0.5:6379'))

/** A gateway before an engine that says what the test wants, and the observer that the engine got. */
function make(own: Partial<Engine>, options: Partial<GatewayOptions> = {}) {
  let observer: Observer | undefined
  const engine: GatewayOptions['engine'] = (context) => {
    observer = context.observer
    return fakeEngine(own)
  }
  const gateway = createGateway({ engine, workflows: [], apiKey: KEY, ...options })
  const get = (path: string, headers: Record<string, string> = {}, init: RequestInit = {}) =>
    gateway.handle(new Request(new URL(path, gateway.url), { headers, ...init }))
  return { gateway, get, observer: observer! }
}

/** Passes files to promtool, or says loudly that it is not there. */
function promtool(args: string[], input?: string): void {
  const { error, status, stdout, stderr } = spawnSync('promtool', args, { input, encoding: 'utf8' })
  if (error) console.log(`[show] NOT CHECKED: promtool ${args.join(' ')}: it is not installed`)
  else assert.equal([status, stderr], [0, ''], `${stdout}${stderr}`)
}

test('/healthz answers anybody; /readyz says why no run should be sent, and names no host', async ({
  clock,
}) => {
  let engine: Partial<Engine> = {}
  let probes = 0
  const { get } = make(
    {
      containers: () => engine.containers!(),
      probe: async () => {
        probes++
        await engine.probe?.()
      },
    },
    { maxWaiting: 3 },
  )
  assert.equal([(await get('/healthz')).status, probes], [200, 0])
  const away = { ...idle, status: 'stopped' } as const
  const resting = { ...away, reason: 'rests' } as const
  const store = "The store of the runs can't be used"
  const cases: [engine: Partial<Engine>, ...reasons: string[]][] = [
    [{ containers: async () => [away, idle, line(2)] }],
    [{ containers: async () => [{ ...idle, status: 'stalled' }] }],
    [{ containers: async () => [resting, line(2)] }],
    [{ containers: async () => [away, line(0)] }, 'No server answers'],
    [{ containers: async () => [line(3)] }, 'No server answers', '3 runs wait, and the limit is 3'],
    [{ containers: async () => [busy, line(2)] }, '3 runs wait, and the limit is 3'],
    [{ containers: async () => [idle], probe: fail }, store],
    [{ containers: fail, probe: fail }, store],
    [{ containers: async () => [idle] }],
  ]
  for (const [next, ...reasons] of cases) {
    engine = next
    await clock.tickAsync(3_000)
    const answers = await Promise.all([get('/readyz'), get('/readyz')])
    for (const answer of answers) {
      const expected = reasons.length > 0 ? { status: 'not ready', reasons } : { status: 'ready' }
      assert.equal([answer.status, await answer.json()], [reasons.length > 0 ? 503 : 200, expected])
    }
  }
  assert.is(probes, cases.length, 'one look in 3 s')
  await clock.tickAsync(2_999)
  await get('/readyz')
  assert.is(probes, cases.length)
})

test('without a key, probes are for this machine, as all else', async () => {
  const { get } = make({ containers: async () => [idle] }, { apiKey: null })
  for (const path of ['/healthz', '/readyz', '/metrics']) {
    assert.is((await get(path, { host: '127.0.0.1:4188' })).status, 200)
    assert.is((await get(path, { host: 'evil.test' })).status, 403)
  }
})

test('/metrics is for a key, names no id, and promtool takes it', async ({ clock }) => {
  let containers: Engine['containers'] = async () => [busy, idle, { ...idle, status: 'stopped' }, line(4)]
  const { gateway, get, observer } = make(
    { containers: () => containers(), oldestAt: async () => Date.now() - 90_000 },
    { apiKey: KEY },
  )
  assert.is((await get('/metrics')).status, 401)
  for (const end of ['completed', 'lost'] as const)
    observer.ended({
      id: 'id-1',
      workflowId: 'a"b\\',
      owner: 'shop',
      server: 'gpu-1',
      end,
      waitedMs: 400,
      ranMs: 7_000,
    })
  observer.ended({ id: 'id-2', workflowId: 'w', end: 'cancelled', waitedMs: 9e9, ranMs: undefined })
  observer.modelLoaded('w')
  observer.idle('gpu-1', 1_500)
  observer.storeFailed()
  for (const [path, init] of [
    ['/api/v1/workflows/w/runs', { method: 'POST', body: '{' }],
    ['/api/v1/runs?workflow_id=none', { method: 'POST' }],
    ['/api/v1/runs/none', {}],
  ] as const)
    await get(path, { 'x-api-key': KEY, 'content-type': 'application/json' }, init)
  await get('/api/v1/runs?workflow_id=w', {}, { method: 'POST' })
  await clock.tickAsync(1)
  const answer = await get('/metrics', { 'x-api-key': KEY })
  assert.is(answer.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8')
  const text = await answer.text()
  promtool(['check', 'metrics'], text)
  const lines = text.split('\n')
  for (const expected of [
    'flowscale_runs_total{workflow="a\\"b\\\\",key="shop",end="lost"} 1',
    'flowscale_runs_total{workflow="w",key="",end="cancelled"} 1',
    ...['completed', 'failed', 'lost', 'expired'].map(
      (end) => `flowscale_runs_total{workflow="w",key="",end="${end}"} 0`,
    ),
    'flowscale_run_wait_seconds_bucket{workflow="a\\"b\\\\",le="0.1"} 0',
    'flowscale_run_wait_seconds_bucket{workflow="a\\"b\\\\",le="0.5"} 2',
    'flowscale_run_wait_seconds_count{workflow="a\\"b\\\\"} 2',
    'flowscale_run_duration_seconds_bucket{workflow="a\\"b\\\\",le="+Inf"} 2',
    'flowscale_run_duration_seconds_sum{workflow="a\\"b\\\\"} 14',
    'flowscale_model_loads_total{workflow="w"} 1',
    'flowscale_gpu_idle_seconds_total{server="gpu-1"} 1.5',
    'flowscale_submissions_refused_total{status="422",key=""} 1',
    'flowscale_submissions_refused_total{status="400",key=""} 1',
    'flowscale_submissions_refused_total{status="401",key=""} 1',
    'flowscale_store_errors_total 1',
    'flowscale_runs_waiting 5',
    'flowscale_oldest_wait_seconds 90',
    'flowscale_servers{state="busy"} 1',
    'flowscale_servers{state="away"} 1',
    'flowscale_servers{state="resting"} 0',
  ])
    assert.ok(lines.includes(expected), `${expected} in ${text}`)
  assert.not.match(text, 'id-1')
  for (const name of Object.keys(METRICS)) assert.match(text, `# TYPE ${name} `)
  containers = fail
  const rest = await gateway.metrics()
  assert.match(rest, 'flowscale_store_errors_total 1')
  assert.not.match(rest, 'flowscale_servers')
})

test('the alert sees the first failures: each end of each workflow and key is 0 from the start', async () => {
  const keys = [{ name: 'shop', sha256: '0'.repeat(64) }]
  const names = ['w', 'unused']
  const workflows = [...names.map((name) => ({ name, graph: {} })), { name: 'no', graph: {}, problem: 'bad' }]
  const { gateway, observer } = make(
    { containers: async () => [idle] },
    { keys, apiKey: undefined, secret: 'a-secret-of-this-test', workflows },
  )
  const scrape = async () =>
    (await gateway.metrics()).split('\n').filter((text) => text.startsWith('flowscale_runs_total{'))
  const before = await scrape()
  assert.is(before.length, 10)
  assert.ok(before.every((text) => text.includes('key="shop"') && text.endsWith(' 0')))
  for (let at = 0; at < 8; at++) {
    const end = at < 5 ? 'completed' : 'failed'
    observer.ended({ id: `id-${at}`, workflowId: 'w', owner: 'shop', end, waitedMs: 1, ranMs: 1 })
  }
  const series = (await scrape()).map((text) => {
    const [, name, value] = /^(.*\}) (\d+)$/.exec(text)!
    return { series: name, values: `0 ${value}x30` }
  })
  assert.is(series.length, 10)
  const folder = mkdtempSync(join(tmpdir(), 'flowscale-alert-'))
  const alert = { eval_time: '10m', alertname: 'FlowscaleRunsFail' }
  const labels = { severity: 'warning' }
  const summary = 'More than a fifth of the runs of the last 15 minutes have failed.'
  const expected = { exp_labels: labels, exp_annotations: { summary } }
  const rules = {
    rule_files: [resolve('docs/monitoring/alerts.yml')],
    evaluation_interval: '1m',
    tests: [
      { interval: '1m', input_series: series, alert_rule_test: [{ ...alert, exp_alerts: [expected] }] },
    ],
  }
  const file = join(folder, 'test.json')
  writeFileSync(file, JSON.stringify(rules))
  promtool(['test', 'rules', file])
  rmSync(folder, { recursive: true })
})

test('a figure has a thousand series, and one for all others', () => {
  const meter = createMeter()
  for (let at = 0; at < 3_000; at++) meter.add('flowscale_runs_total', [`w${at}`, 'k', 'completed'])
  const lines = meter.write({}).split('\n')
  assert.is(lines.filter((one) => one.startsWith('flowscale_runs_total{')).length, 1_001)
  assert.ok(lines.includes('flowscale_runs_total{workflow="other",key="other",end="other"} 2000'))
})

test('the end of a run is a line, or goes to the logger’s own method', () => {
  const run = { id: 'r1', workflowId: 'w', waitedMs: 12, ranMs: 3_400 } as const
  const lines: string[] = []
  const log = (level: string) => (text: string) => void lines.push(`${level} ${text}`)
  const { observer } = make({}, { logger: { info: log('info'), warn: log('warn') } })
  observer.ended({ ...run, owner: 'shop', server: 'gpu-1', end: 'completed' })
  observer.ended({ ...run, ranMs: undefined, end: 'expired' })
  assert.equal(lines, [
    'info Run r1 of w for shop on gpu-1 completed: waited 12 ms, ran 3400 ms',
    'warn Run r1 of w expired: waited 12 ms',
  ])
  const ends: unknown[] = []
  make({}, { logger: { run: (end) => void ends.push(end) } }).observer.ended({ ...run, end: 'failed' })
  assert.equal(ends, [{ ...run, end: 'failed' }])
})

test('a store that fails for an hour has a line at its start and one at its end', async ({ clock }) => {
  const lines: string[] = []
  let errors = 0
  let broken: Error | undefined
  const act = async () => {
    if (broken) throw broken
    return 'done'
  }
  const observer = { storeFailed: () => errors++ } as unknown as Observer
  const watch = { log: (level: string, text: string) => void lines.push(`${level} ${text}`), observer }
  const store = watchStore(
    { read: act, commit: (_: object) => act(), close: act, name: 'plain' },
    () => watch,
  )
  assert.equal([await store.read(), store.name], ['done', 'plain'])
  broken = new EngineError(503, 'Away', { cause: new Error('ECONNREFUSED') })
  for (let second = 0; second < 3_600; second++) {
    assert.is(await rejection(store.read()), broken)
    await clock.tickAsync(1_000)
  }
  broken = undefined
  await store.read()
  assert.equal(
    [lines.splice(0), errors],
    [['error Away: ECONNREFUSED', 'info The store of the runs can be used again'], 3_600],
  )
  // One that comes and goes each second.
  for (let second = 0; second < 120; second++) {
    broken = second % 2 ? new Error('Away') : undefined
    await store.read().catch(() => {})
    await clock.tickAsync(1_000)
  }
  broken = undefined
  await store.read()
  assert.is(lines.splice(0).length, 4)
  // A full one refuses new runs only.
  broken = new Error('Full')
  await rejection(store.commit({ isGrowth: true }))
  broken = undefined
  await store.read()
  assert.equal(lines, ['error Full'])
  await store.commit({ isGrowth: true })
  assert.is(lines.splice(0)[1], 'info The store of the runs takes new runs again')
  // The close of one that fails says nothing about it.
  await clock.tickAsync(60_000)
  broken = new Error('Gone')
  await rejection(store.read())
  broken = undefined
  await store.close()
  assert.equal(lines.splice(0), ['error Gone'])
  broken = new Error('Closed')
  await rejection(store.read())
  assert.equal(lines, [])
})

test('a failure in the background has a line a minute', async ({ clock }) => {
  const lines: string[] = []
  const complain = createComplain(() => (_level, text) => void lines.push(text))
  for (let second = 0; second < 120; second++) {
    complain('The look', new Error(second === 5 ? 'b' : 'a'))
    await clock.tickAsync(1_000)
  }
  assert.equal(lines, ['The look failed: a', 'The look failed: b', 'The look failed: a'])
})

const files = suite('alerts and the dashboard')

files('name figures that are there, as the page does, and promtool takes them', () => {
  const dashboard = JSON.parse(readFileSync('docs/monitoring/dashboard.json', 'utf8'))
  const shown: string[] = dashboard.panels.flatMap(({ targets }: any) => targets.map(({ expr }: any) => expr))
  const alerts = readFileSync('docs/monitoring/alerts.yml', 'utf8')
  const page = readFileSync('docs/gateway-operating.md', 'utf8')
  const known = Object.entries(METRICS).flatMap(([name, { type }]) =>
    type === 'histogram' ? ['_bucket', '_sum', '_count'].map((end) => name + end) : [name],
  )
  const named = (text: string) => [...text.matchAll(/\bflowscale_\w+/g)].map(([name]) => name)
  for (const expression of [...shown, ...alerts.split('- alert:').slice(1)]) {
    assert.ok(named(expression).length > 0, expression)
    for (const name of named(expression)) assert.ok(known.includes(name), name)
  }
  // Each figure is shown somewhere, and the page has a row for it with its labels.
  for (const [name, { labels }] of Object.entries(METRICS)) {
    assert.ok(
      named(shown.join()).some((one) => one.startsWith(name)),
      name,
    )
    const row = new RegExp(
      `^\\| \`${name}\` +\\| ${labels.map((label) => `\`${label}\``).join(', ')} +\\|`,
      'm',
    )
    assert.match(page, row)
  }
  const alertNames = [...alerts.matchAll(/- alert: (\w+)/g)].map(([, name]) => name!)
  assert.is(alertNames.length, 5)
  for (const name of alertNames) assert.match(page, `| \`${name}\``)
  promtool(['check', 'rules', 'docs/monitoring/alerts.yml'])
  const rules = shown.map((expr, at) => ({
    record: `shown:${at}`,
    expr: expr.replaceAll('$__rate_interval', '5m'),
  }))
  promtool(['check', 'rules'], JSON.stringify({ groups: [{ name: 'shown', rules }] }))
})

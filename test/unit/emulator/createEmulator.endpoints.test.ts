import { assert, suite } from '#test'
import { pluck } from '../../support/pluck.ts'
import { until } from '../../support/until.ts'
import {
  type Answer,
  type Api,
  DIALECTS,
  ended,
  form,
  gates,
  ISO,
  OUTPUT_NAME,
  open,
  TRANSPORTS,
  UUID,
} from './kit.ts'

for (const transport of TRANSPORTS) {
  for (const dialect of DIALECTS) {
    const test = suite(`endpoints, ${dialect}, ${transport}`)
    const readme = dialect === 'readme'
    const gate = gates()
    let api: Api

    test.before(async () => {
      api = await open(transport, { dialect, workflows: [gate.workflow] })
    })
    test.after(() => api.close())

    // The Python SDK reads `container`.
    const host = (n: number, uri: string): object => ({
      ...(dialect !== 'openapi' && { container: `container #${n}` }),
      ...(!readme && { [uri]: `http://comfy-${n}.flowscale.test:8188` }),
    })

    test('checkHealth', async () => {
      const { status, body, headers } = await api.get('/api/v1/comfy/health')
      assert.is(status, 200)
      assert.is(headers.get('content-type'), 'application/json')
      assert.equal(body, {
        status: 'success',
        data: [1, 2].map((n) => ({ ...host(n, 'url'), status: readme ? 'idle' : 'running' })),
      })
    })

    test('getWorkflows', async () => {
      const { status, body } = await api.get('/api/v1/comfy/workflows')
      if (dialect === 'openapi') return assert.is(status, 404)
      assert.is(status, 200)
      assert.is(body.status, 'success')
      const inputs = { image_input: 'image', prompt: 'string' }
      const outputs = { transformed_image: 'image' }
      const about = { name: 'Image to Image', description: 'Transform an existing image' }
      if (readme) {
        assert.is(body.data.length, 9)
        assert.equal(body.data[1], {
          id: 'a9bc45rt2kpm',
          ...about,
          inputs: '{ "image_input": "image", "prompt": "string" }',
          outputs: '{ "transformed_image": "image" }',
          input_details: { image_input: {}, prompt: {} },
        })
        assert.is(body.data[4].inputs, '{}')
        const [first] = body.data
        assert.equal(
          [first.id, first.name, first.description],
          ['bncu0a1kipv', 'Text to Image', 'Generate an image from text input'],
        )
        assert.is(JSON.parse(first.inputs).text_51536, 'string')
        assert.equal(JSON.parse(first.outputs), { image_output: 'image' })
        assert.equal(JSON.parse(body.data[1].inputs), inputs)
        assert.equal(JSON.parse(body.data[1].outputs), outputs)
      } else {
        assert.equal(Object.keys(body.data), ['workflows'])
        assert.is(body.data.workflows.length, 9)
        assert.equal(body.data.workflows[1], {
          workflow_id: 'a9bc45rt2kpm',
          ...about,
          inputs,
          outputs: ['transformed_image'],
          input_details: { image_input: {}, prompt: {} },
        })
      }
    })

    test('a run from execute to its file', async () => {
      const answer = await api.post('/api/v1/runs?workflow_id=gate&group_id=a%20b%2F', form({ label: 'one' }))
      assert.is(answer.status, 200)
      const id: string = [answer.body.data].flat()[0].run_id
      assert.match(id, UUID)
      const names = checkExecuted(answer, id)

      const running = await until(
        () => api.state(id),
        (run) => run.progress === 0.5,
      )
      const early: string[] = dialect === 'python' ? running.output_names : names
      checkRun(running, id, {
        status: 'running',
        outputs: [],
        output_names: early,
        completed: false,
        progress: 0.5,
      })

      const queue = await api.get('/api/v1/comfy/queue')
      assert.equal(queue.body, {
        status: 'success',
        data: [1, 2].map((n) => ({
          ...host(n, 'comfy_uri'),
          queue: { queue_running: n === 1 ? [[0, id]] : [], queue_pending: [] },
        })),
      })
      const health = await api.get('/api/v1/comfy/health')
      assert.equal(pluck(health.body.data as any[], 'status'), ['running', readme ? 'idle' : 'running'])
      for (const name of early) {
        const output = await api.get(`/api/v1/runs/output?filename=${name}`)
        assert.equal([output.status, output.body], [204, ''])
        assert.is((await api.get(`/api/v1/runs/output?filename=${name}.png`)).status, 204)
      }

      gate.release('one')
      const done = await ended(api, id)
      assert.is(done.outputs.length, 1)
      const [{ filename, url }] = done.outputs
      assert.match(filename, /^filename_prefix_\d{5}_[A-Z0-9]{10}\.txt$/)
      if (early[0]) assert.is(filename, `${early[0]}.txt`)
      assert.ok(url.startsWith(`${api.filesUrl}/generations/${id}/${filename}?expires=`), url)
      const late = dialect === 'python' ? early : [filename]
      checkRun(done, id, {
        status: 'completed',
        outputs: done.outputs,
        output_names: late,
        completed: true,
        progress: 1,
      })

      for (const name of [filename, filename.replace('.txt', '')]) {
        const { status, body } = await api.get(`/api/v1/runs/output?filename=${name}`)
        assert.is(status, 200)
        const link = body.data.download_url
        assert.equal(body, {
          status: 'success',
          data: { download_url: link, generation_status: 'success', text: 'hello one' },
        })
        const file = await api.fetch(link)
        assert.is(await file.text(), 'hello one')
        assert.is(file.headers.get('content-type'), 'text/plain')
        assert.is(file.headers.get('content-length'), '9')
      }
      assert.is((await api.get(`/api/v1/runs/output?filename=${filename}.txt`)).status, 404)
      assert.is(
        (await api.get(`/api/v1/runs/output?filename=${filename.replace('.txt', '.png')}`)).status,
        404,
      )
    })

    function checkExecuted({ body }: Answer, id: string): string[] {
      if (dialect === 'openapi') {
        assert.equal(body, { status: 'success', data: [{ run_id: id, workflow_id: 'gate' }] })
        return []
      }
      if (dialect === 'python') {
        assert.equal(body, { status: 'success', data: { run_id: id, workflow_id: 'gate' } })
        return []
      }
      const names = body.data.output_names
      const data = { number: 0, node_errors: {}, output_names: names, run_id: id }
      assert.equal(body, { status: 'success', data })
      assert.is(names.length, 1)
      assert.match(names[0], OUTPUT_NAME)
      return names
    }

    function checkRun(
      run: Answer['body'],
      id: string,
      want: {
        status: string
        outputs: object[]
        output_names: string[]
        completed: boolean
        progress: number
      },
    ): void {
      const { created_at, started_at, completed_at } = run
      assert.match(created_at, ISO)
      assert.match(started_at, ISO)
      if (want.completed) assert.match(completed_at, ISO)
      else assert.is(completed_at, null)
      const times = { created_at, started_at, completed_at }
      const python = dialect === 'python'
      const inputs = [{ path: 'label', value: 'one', ...(python && { s3_key: null, url: null }) }]
      const { status, outputs, output_names, progress } = want
      const rest = { ...times, progress, ...(status === 'running' && { node: 'Gate' }) }
      if (readme) {
        assert.equal(run, { _id: id, workflow_id: 'gate', status, inputs, outputs, ...rest })
      } else {
        const ids = { ...(python && { _id: id, team_id: 'local' }), workflow_id: 'gate', group_id: 'a b/' }
        assert.equal(run, { ...ids, status, inputs, output_names, outputs, ...rest })
      }
      if (python) {
        for (const { filename, s3_key } of run.outputs) assert.is(s3_key, `generations/${id}/${filename}`)
        assert.is(run.output_names.length, 1)
        assert.match(run.output_names[0], OUTPUT_NAME)
      }
    }

    test('a failed run', async () => {
      const id = await api.run('fa1lsa1ways0', { message: 'no luck' })
      const run = await ended(api, id)
      assert.equal([run.status, run.error, run.outputs], ['failed', 'no luck', []])
      assert.match(run.completed_at, ISO)
      assert.is('_id' in run, dialect !== 'openapi')
      if (dialect === 'openapi') return assert.equal(run.output_names, [])
      const name = readme
        ? (await api.post('/api/v1/runs?workflow_id=fa1lsa1ways0', form())).body.data.output_names[0]
        : run.output_names[0]
      const message = readme ? 'This workflow always fails' : 'no luck'
      const answer = await until(
        () => api.get(`/api/v1/runs/output?filename=${name}`),
        ({ status }) => status !== 204,
      )
      assert.is(answer.status, 200)
      assert.equal(answer.body, {
        status: 'failed',
        errors: [message],
        data: { download_url: null, generation_status: 'failed' },
      })
    })

    test('cancelRun', async () => {
      // Where it cannot be cancelled, it would hold a container for good.
      const id = await api.run(dialect === 'openapi' ? 'fa1lsa1ways0' : 'nev3rend5run')
      const { status, body } = await api.post(`/api/v1/runs/${id}/cancel`)
      if (dialect === 'openapi') return assert.is(status, 404)
      assert.equal([status, body], [200, { status: 'success', data: 'Run cancelled successfully' }])
      const run = await api.state(id)
      assert.is(run.status, 'cancelled')
      assert.not('error' in run)
      const again = await api.post(`/api/v1/runs/${id}/cancel`)
      assert.equal(
        [again.status, again.body],
        [200, { status: 'success', data: 'Run has already ended: cancelled' }],
      )
      assert.equal(await api.state(id), run)
    })

    test('unknown runs and outputs', async () => {
      const error = (text: string): object =>
        readme ? { status: 'error', errors: [text] } : { detail: text }
      const run = await api.get('/api/v1/runs/nope')
      assert.equal([run.status, run.body], [404, error('Run not found')])
      const output = await api.get('/api/v1/runs/output?filename=nope.png')
      assert.equal([output.status, output.body], [404, error('Output not found')])
      const cancel = await api.post('/api/v1/runs/nope/cancel')
      assert.equal(
        [cancel.status, cancel.body],
        [404, error(dialect === 'openapi' ? 'Not Found' : 'Run not found')],
      )
      const missing = await api.get('/api/v1/runs/output')
      assert.is(missing.status, 422)
      assert.equal(missing.body, {
        detail: [{ loc: ['query', 'filename'], msg: 'Field required', type: 'missing' }],
      })
    })

    test('getRuns', async () => {
      const group = 'ä/group & more'
      const ids: string[] = []
      for (let i = 0; i < 3; i++) ids.push(await api.run('fa1lsa1ways0', {}, group))
      for (const id of ids) await ended(api, id)
      await api.run('fa1lsa1ways0', {}, 'ä/group')
      const { status, body } = await api.get(`/api/v1/runs?group_id=${encodeURIComponent(group)}`)
      assert.is(status, 200)
      const { runs } = body.data
      assert.equal(pluck(runs as any[], '_id'), [...ids].reverse())
      const single = await api.state(ids[2]!)
      assert.equal(runs[0], { ...single, _id: ids[2] })
      if (dialect === 'python') {
        const meta = { sort_by: 'created_at', sort_order: 'desc', page: 1, page_size: 10, group_id: group }
        assert.equal(body, {
          status: 'success',
          data: { runs },
          meta: { ...meta, total_count: 3, total_pages: 1 },
        })
      } else {
        assert.equal(body, { status: 'success', data: { group_id: group, count: 3, runs } })
      }
      const shorter = await api.get(`/api/v1/runs?group_id=${encodeURIComponent('ä/group')}`)
      assert.is(shorter.body.data.runs.length, 1)
      const none = await api.get('/api/v1/runs?group_id=none')
      assert.equal(none.body.data.runs, [])

      const all = await api.get('/api/v1/runs')
      if (dialect === 'openapi') {
        assert.is(all.status, 422)
        assert.equal(all.body, {
          detail: [{ loc: ['query', 'group_id'], msg: 'Field required', type: 'missing' }],
        })
      } else {
        assert.ok(all.body.data.runs.length >= 4)
        assert.is((all.body.meta ?? all.body.data).group_id, null)
      }
    })
  }
}

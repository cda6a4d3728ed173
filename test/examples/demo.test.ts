// `npm start` as a newcomer types it, and its ends when something is wrong.
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { createClient, getWorkflows } from '@flowscale/client'
import { executeWorkflowAsync } from '@flowscale/client/poller'
import { decode } from 'fast-png'
import { assert, suite } from '#test'
import { runCommand } from '../../scripts/test/runFile.ts'
import { startCli, startProgram } from '../support/startCli.ts'

const test = suite('npm start')
const env = { FLOWSCALE_API_URL: '', FLOWSCALE_API_KEY: '' }
const main = ['--import', 'tsx', 'scripts/demo/main.ts']
/** What `npm start` runs once all is built. */
const start = (...args: string[]) => runCommand(process.execPath, [...main, ...args], { env })
const pictures = () => new Set(readdirSync('demo-output', { withFileTypes: true }).map(({ name }) => name))

// What a test made is not left among the user's own.
const made: string[] = []
test.after(() => made.forEach((file) => void rmSync(file)))

/** Runs the demo and gives the picture that it saved. */
const picture = (...args: string[]) => saved(() => start(...args))
async function saved(start: () => ReturnType<typeof runCommand>) {
  let before = new Set<string>()
  try {
    before = pictures()
  } catch {}
  const { code, output } = await start()
  assert.is(code, 0, output)
  const fresh = [...pictures()].filter((name) => !before.has(name))
  assert.is(fresh.length, 1, 'one new file')
  assert.match(output, `demo-output/${fresh[0]}`)
  const file = join('demo-output', fresh[0]!)
  made.push(file)
  return { file, output, image: decode(readFileSync(file)) }
}

test('two prompts give two pictures, and a picture can be transformed', async () => {
  const npm = ['start', '--silent', '--', 'a lighthouse at dusk']
  const dusk = await saved(() => runCommand('npm', npm, { env }))
  const fox = await picture('a red fox in snow')
  for (const { image, output } of [dusk, fox]) {
    assert.ok(image.width >= 512 && image.height >= 512)
    assert.ok(new Set(image.data).size > 100, 'many tones')
    assert.match(output, /executeWorkflowAsync\(client/)
    assert.match(output, /8 workflows deployed/)
    assert.match(output, /container #1/)
  }
  assert.not.equal(dusk.image.data, fox.image.data)
  const oil = await picture('--image', dusk.file, 'in oil')
  assert.is(oil.image.width, dusk.image.width)
  assert.not.equal(oil.image.data, dusk.image.data)
})

test('a pod by --url, --workflow and --input', async () => {
  const pod = await startCli('emulator', '--speed', '50', '--api-key', 'a-key-of-my-own')
  // A port that was closed might be another test's by now. Nobody listens on this address.
  const closed = pod.url.replace('127.0.0.1', '127.0.0.2')
  const common = ['--url', pod.url, '--api-key', 'a-key-of-my-own']
  try {
    const { image, file } = await picture(...common, '--workflow', 'bncu0a1kipv', '--input', 'text_51536=a=b')
    assert.is(image.width, 768)
    const inputs = ['--input', `image_input=@${file}`, '--input', 'prompt=night']
    await picture(...common, '--workflow', 'a9bc45rt2kpm', ...inputs)

    const ends: [args: string[], sentence: RegExp][] = [
      [[...common], /^✖ Name the workflow with --workflow\. Deployed: bncu0a1kipv/m],
      [[...common, '--workflow', 'nope'], /^✖ The server has no workflow nope\. Deployed: bncu0a1kipv/m],
      [['--url', pod.url, '--api-key', 'wrong-key', '--workflow', 'x'], /^✖ GET \S+ answered 403: /m],
      [[...common, '--workflow', 'bncu0a1kipv'], /^✖ POST \S+ answered 422: body\.text_51536: /m],
      [['--url', closed, '--workflow', 'x'], /^✖ GET \S+ got no answer: ECONNREFUSED/m],
      [['--url', 'not a url', '--workflow', 'x'], /^✖ baseUrl must be an http\(s\) URL/m],
      [['--image', 'no-such.png'], /^✖ path: no-such\.png does not exist/m],
      [['--input', 'x'], /^✖ --input takes NAME=VALUE/m],
      [['--no-such-flag'], /^✖ Unknown option '--no-such-flag'\.\n\nnpm start -- \["a prompt"\]/m],
    ]
    for (const [args, sentence] of ends) {
      const { code, output } = await start(...args)
      assert.is(code, 1, output)
      assert.match(output, sentence)
      assert.is(
        output
          .trim()
          .split('\n')
          .filter((line) => line.startsWith('✖')).length,
        1,
        output,
      )
      assert.not.match(output, /^\s+at /m, 'no stack')
      assert.not.match(output, /a-key-of-my-own|wrong-key/)
    }
  } finally {
    await pod.stop()
  }
})

test('on a terminal, too, a failed run ends it', async () => {
  // What the spinner looks for in a terminal.
  const setup = `const done = () => true
    Object.assign(process.stdout, { isTTY: true, columns: 80, cursorTo: done, clearLine: done, moveCursor: done })`
  const terminal = `data:text/javascript,${encodeURIComponent(setup)}`
  const args = [...main, '--workflow', 'fa1lsa1ways0']
  const options = { env: { ...env, NODE_OPTIONS: `--import=${terminal}` }, limitMs: 200_000 }
  const { code, output } = await runCommand(process.execPath, args, options)
  assert.is(code, 1, output)
  assert.match(output, /✖ Run \S+ failed: /)
})

test('an option before `--`, which npm takes for its own, paints nothing', async () => {
  const { code, output } = await runCommand('npm', ['start', '--silent', '--image', 'x.png'], { env })
  assert.is(code, 1, output)
  assert.match(output, /^✖ npm took --image as its own option\. Put -- before it: npm start -- --image/m)
  assert.not.match(output, /submitted/)
})

test('it ends with where to go next, and the words that the painter has no picture for', async () => {
  const { output } = await picture('a cat on a bicycle in Paris')
  assert.match(output, /^The local painter has no picture for: bicycle, paris\./m)
  const [, path, next] = /^ {2}(demo-output\/\S+)\n\nNext\n([\s\S]+)$/m.exec(output)!
  assert.ok(path)
  for (const step of ['@flowscale/emulator', '--url URL', '@flowscale/gateway', 'baseUrl'])
    assert.ok(next!.includes(step), step)
})

test('a gateway before a small ComfyUI lists workflows that all run', async () => {
  const gateway = startProgram(process.execPath, [...main, '--gateway', '--port', '0', '--api-key', 'a-key'])
  try {
    const banner = await gateway.printed(/Try\n.+\n/)
    const [, url] = /API +(\S+)/.exec(banner)!
    const [, list] = /Workflows\n([\s\S]+?)\n\n/.exec(banner)!
    const listed = list!.split('\n').map((line) => line.trim().split(' ')[0]!)
    const client = createClient({ baseUrl: url!, apiKey: 'a-key' })
    assert.equal((await getWorkflows(client)).data.map(({ id }) => id).sort(), [...listed].sort())
    assert.not.ok(listed.includes('failing'))
    await executeWorkflowAsync(client, 'text-to-image', { prompt: 'a red fox' }, { pollIntervalMs: 50 })
  } finally {
    gateway.child.kill()
    await gateway.ended
  }
  const { code, stderr } = await gateway.ended
  assert.equal([code, stderr], [0, ''])
})

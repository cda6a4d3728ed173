// The command `flowscale` of the packed tarballs, on each Node that it is for.
import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { pod } from '../examples/kit.ts'

const test = suite('flowscale on each Node')
const modules = resolve('test/runtimes/node_modules')
const folder = mkdtempSync(join(tmpdir(), 'flowscale-command-'))
const emulator = await pod()
test.after(async () => {
  await emulator.close()
  rmSync(folder, { recursive: true })
})

const npm = (...args: string[]) =>
  execFileSync('npm', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
const packages = ['packages/client', 'packages/flowscale']
const packed = JSON.parse(
  npm('pack', '--json', '--pack-destination', folder, ...packages.flatMap((path) => ['-w', path])),
)
writeFileSync(join(folder, 'package.json'), '{ "private": true }')
const tarballs = packed.map(({ filename }: { filename: string }) => join(folder, filename))
npm('install', '--prefix', folder, '--no-audit', '--no-fund', '--prefer-offline', ...tarballs)
const bin = join(folder, 'node_modules/.bin/flowscale')

interface Case {
  args: string[]
  /** Default: 0. */
  code?: number
  stdout: RegExp
  /** Default: nothing. */
  stderr?: RegExp
}

const cases: Case[] = [
  { args: ['--version'], stdout: /^0\.1\.0\n$/ },
  { args: ['--help'], stdout: /^Run ComfyUI workflows on FlowScale\.\n/ },
  { args: ['help', 'run'], stdout: /^Usage: flowscale run <workflow> \[inputs\.\.\.\] \[flags\]$/m },
  { args: ['nosuch'], code: 2, stdout: /^$/, stderr: /^flowscale: There is no verb "nosuch"\./ },
  { args: ['health'], stdout: /^container +status\ncontainer #1 +idle\n/ },
  { args: ['queue', '--json'], stdout: /^\[\{"container":"container #1"/ },
  { args: ['workflows'], stdout: /^bncu0a1kipv +Text to Image +text_51536=string/m },
  { args: ['workflows', 'Text to Image'], stdout: /^flowscale run bncu0a1kipv text_51536=/m },
  { args: ['runs', '--json'], stdout: /^\[.*\]\n$/ },
  { args: ['get', 'unknown-run'], code: 4, stdout: /^$/, stderr: /^flowscale: .*404/ },
  { args: ['cancel', 'unknown-run', '--json'], code: 4, stdout: /^\{"error":\{"code":"ERR_FLOWSCALE_HTTP"/ },
  {
    args: ['run', 'Text to Image', 'text_51536=a lighthouse', '-o', 'images'],
    stdout: /^images\/\S+\.png\n$/,
    stderr: /^Run \S+ submitted\n$/,
  },
  { args: ['completion', 'bash'], stdout: /^complete -F _flowscale flowscale$/m },
]

for (const major of [18, 20, 22, 24, 26]) {
  for (const { args, code = 0, stdout, stderr = /^$/ } of cases) {
    test(`Node ${major}: ${args.join(' ')}`, async () => {
      const ended = await run(`${modules}/node${major}/bin/node`, args)
      assert.is(ended.code, code, ended.stderr)
      assert.match(ended.stdout, stdout)
      assert.match(ended.stderr, stderr)
    })
  }
}

function run(node: string, args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(node, [bin, ...args], {
    cwd: folder,
    env: { PATH: process.env.PATH!, ...emulator.env },
  })
  child.stdin.end()
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk) => {
    stdout += chunk
  })
  child.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  return new Promise((settle) => child.on('close', (code) => settle({ code, stdout, stderr })))
}

test.run()

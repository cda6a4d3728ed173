// How the runtimes are started that are commands, on `command.mjs` or `workerd.js` in the folder of an app.
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { command, type Started } from './command.ts'

const modules = resolve('test/runtimes/node_modules')

export interface Row {
  runtime: string
  start(control: string, app: string): Promise<Started> | Started
}

export const node = (major: number): Row => ({
  runtime: `Node ${major}`,
  start: (control, app) =>
    command(`${modules}/node${major}/bin/node`, ['command.mjs', control, `Node ${major}`], app),
})

export const deno = (runtime: string, folder: string): Row => ({
  runtime,
  start: (control, app) =>
    command(
      `${modules}/${folder}/deno`,
      [
        ...['run', '--no-prompt', '--allow-net=127.0.0.1', '--node-modules-dir=manual', '--no-lock'],
        ...['command.mjs', control, runtime],
      ],
      app,
      { DENO_DIR: join(app, '.deno'), DENO_NO_UPDATE_CHECK: '1' },
    ),
})

export const bun = (runtime: string, folder: string): Row => ({
  runtime,
  start: (control, app) => command(`${modules}/${folder}/bin/bun`, ['command.mjs', control, runtime], app),
})

export function workerd(date: string, flags: string[]): Row {
  const runtime = `workerd ${date}${flags.length ? `, ${flags}` : ''}`
  return {
    runtime,
    start(control, app) {
      const binary = `${modules}/@cloudflare/workerd-linux-64/bin/workerd`
      const version = execFileSync(binary, ['--version'], { encoding: 'utf8' }).trim().split(' ').at(-1)!
      const config = join(app, `${date}.capnp`)
      writeFileSync(
        config,
        `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "cases", worker = (
      modules = [(name = "workerd.js", esModule = embed "workerd.js")],
      compatibilityDate = "${date}",
      compatibilityFlags = [${flags.map((flag) => `"${flag}"`)}],
      globalOutbound = "private",
    )),
    (name = "private", network = (allow = ["private"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "cases")],
);`,
      )
      // It tells its port on the descriptor of its standard output.
      const started = command(binary, ['serve', '--control-fd=1', config], app)
      const query = new URLSearchParams({ control, row: runtime, version })
      const poke = setInterval(() => {
        const port = /"port":(\d+)/.exec(started.output())?.[1]
        if (!port) return
        clearInterval(poke)
        fetch(`http://127.0.0.1:${port}/?${query}`).then(
          (response) => response.text(),
          () => {},
        )
      }, 50)
      return {
        output: started.output,
        end() {
          clearInterval(poke)
          return started.end()
        },
      }
    },
  }
}

export const workerdToday: Row = workerd('2026-11-17', ['nodejs_compat'])

import { describeFaults } from '../faults/table.ts'

export function help(): string {
  const faults = describeFaults()
    .map(({ kind, text }) => `  ${kind.padEnd(18)} ${text.replaceAll('`', '')}`)
    .join('\n')
  return `flowscale-emulator: a local FlowScale

Usage: flowscale-emulator [options]

  --port <n>         port of the API (default: 4188); 0 takes any free port
                     the files have the next free port
  --host <name>      address to listen on (default: 127.0.0.1)
  --api-key <key>    the key for requests (default: fsk_local_demo_key)
  --containers <n>   how many runs go at the same time (default: 2)
  --speed <n>        divides every duration; Infinity removes every wait (default: 1)
  --dialect <name>   readme, openapi or python (default: readme)
  --chaos <seed>     one request in ten meets a random fault of the list below; the same seed
                     and the same requests give the same faults
  --workflows <path> your own workflows: a module (.js, .mjs, .ts), a file that you saved in
                     ComfyUI by "Export (API)", or a folder of such files; repeatable
  --json             first line on stdout {"url","filesUrl","apiKey"}, logs on stderr
  --help             print this
  --version          print the version

Faults of --chaos

${faults}
`
}

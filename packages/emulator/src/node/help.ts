import { describeFaults } from '../faults/table.ts'

export function help(): string {
  const faults = describeFaults()
    .map(({ kind, text }) => `  ${kind.padEnd(18)} ${text.replaceAll('`', '')}`)
    .join('\n')
  return `flowscale-emulator: a local FlowScale

Usage: flowscale-emulator [options]

  --port <n>         port of the API; 0 takes any free one (default: 4188)
                     files are served on the next free port
  --host <name>      address to listen on (default: 127.0.0.1)
  --api-key <key>    the key that requests must carry (default: fsk_local_demo_key)
  --containers <n>   how many runs can go at the same time (default: 2)
  --speed <n>        divides every duration; Infinity waits for nothing (default: 1)
  --dialect <name>   readme, openapi or python (default: readme)
  --chaos <seed>     lets one request in ten meet a fault of those below, at random: the same
                     seed and the same requests, the same faults
  --workflows <path> your own workflows: a module (.js, .mjs, .ts), a folder of files that you saved
                     in ComfyUI by "Export (API)", or one such file; repeat it for several
  --json             first line on stdout {"url","filesUrl","apiKey"}, logs on stderr
  --help             print this
  --version          print the version

Faults of --chaos

${faults}
`
}

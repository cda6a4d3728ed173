// The entry of the command `flowscale`. Programs ask for the version most often, so the version loads no other file.
import { readFileSync } from 'node:fs'

const args = process.argv.slice(2)
if (/^(-v|-V|--version|version)$/.test(args[0] ?? '')) {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  process.stdout.write(args.includes('--json') ? `${JSON.stringify({ version })}\n` : `${version}\n`)
} else {
  const { main } = await import('./command/main.ts')
  await main(args)
}

// Writes scripts/sizes.json: what each function, each entry point and all of them weigh. `--check` fails where one outgrew
// its record by more than 2 %, and writes nothing.
import { readFileSync, writeFileSync } from 'node:fs'
import { bundleSize } from './lib/bundleSize.ts'
import { growth, sizeCases } from './lib/sizeCases.ts'

const file = 'scripts/sizes.json'
const sizes: Record<string, number> = {}
for (const { name, code } of sizeCases()) sizes[name] = (await bundleSize(code)).brotli
const count = Object.keys(sizes).length

if (process.argv.includes('--check')) {
  const grown = growth(JSON.parse(readFileSync(file, 'utf8')), sizes)
  for (const line of grown) console.error(`✖ ${line}`)
  console.log(`${count} sizes, ${grown.length} over their record by more than 2 % or without one`)
  process.exitCode = grown.length || !count ? 1 : 0
} else {
  writeFileSync(file, `${JSON.stringify(sizes, null, 2)}\n`)
  console.log(`recorded ${count} sizes`)
}

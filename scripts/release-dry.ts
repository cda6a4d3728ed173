// A release, as far as it goes without an account: builds, and has npm check and pack each package.
import { execFileSync } from 'node:child_process'

const npm = (...args: string[]) =>
  execFileSync('npm', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })

npm('run', 'build')
for (const name of ['client', 'flowscale', 'gateway', 'emulator', 'ai-sdk']) {
  const told = JSON.parse(
    npm('publish', '--dry-run', '--json', '--access', 'public', '-w', `packages/${name}`),
  )
  for (const { id, size, files } of Object.values<any>(told)) {
    console.log(`${id}: ${files.length} files, ${(size / 1000).toFixed(1)} KB`)
  }
}

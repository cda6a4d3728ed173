// A release, as far as it goes without an account: builds, has npm check and pack each package, and names what is missing.
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
// Of all packages, which npm let pass as this is a dry run.
execFileSync(process.execPath, ['scripts/check-release.mjs'], {
  env: { ...process.env, npm_config_dry_run: 'true' },
  stdio: 'inherit',
})

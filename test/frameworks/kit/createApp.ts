import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { type PackageName, pack } from '../../bundlers/pack.ts'

/** Where the frameworks are installed. */
export const frameworks: string = resolve('test/frameworks')

/** Below them, so that they are found; our packages lie in the app, as npm would install their tarballs. */
export function createApp(
  name: string,
  files: Record<string, string>,
  packages: readonly PackageName[] = ['client'],
): string {
  const app = join(frameworks, '.tmp', name)
  const remove = () => rmSync(app, { recursive: true, force: true, maxRetries: 5 })
  remove()
  process.on('exit', remove)
  for (const own of packages) {
    const folder = join(app, 'node_modules/@flowscale', own)
    mkdirSync(folder, { recursive: true })
    execFileSync('tar', ['-xzf', tarball(own), '-C', folder, '--strip-components=1'])
  }
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(app, file)), { recursive: true })
    writeFileSync(join(app, file), text)
  }
  return app
}

const packed = new Map<PackageName, string>()

function tarball(name: PackageName): string {
  if (!packed.has(name)) {
    const folder = mkdtempSync(join(tmpdir(), 'flowscale-frameworks-'))
    process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
    packed.set(name, pack(folder, name)[0]!)
  }
  return packed.get(name)!
}

/** What `create-next-app` makes. */
export const nextFiles: Readonly<Record<string, string>> = {
  'next.config.mjs': `export default {
  reactStrictMode: true,
  devIndicators: false,
  allowedDevOrigins: ['127.0.0.1'],
  turbopack: { root: ${JSON.stringify(frameworks)} },
}
`,
  'package.json': '{ "private": true, "type": "module" }',
  'tsconfig.json': JSON.stringify({
    compilerOptions: {
      ...{ target: 'ES2022', lib: ['dom', 'dom.iterable', 'esnext'], module: 'esnext', jsx: 'react-jsx' },
      ...{ moduleResolution: 'bundler', strict: true, noEmit: true, incremental: true, skipLibCheck: false },
      ...{ isolatedModules: true, esModuleInterop: true, resolveJsonModule: true, allowJs: true },
      plugins: [{ name: 'next' }],
    },
    include: ['next-env.d.ts', '**/*.ts', '**/*.tsx', '.next/types/**/*.ts', '.next/dev/types/**/*.ts'],
    exclude: ['node_modules'],
  }),
}

/** A document of docs/, or a section of one, whose blocks are the files of an app. */
export interface Document {
  /** By the file that each names in its first line. */
  readonly blocks: Readonly<Record<string, string>>
  /** Blocks that name no file. */
  readonly unnamed: readonly string[]
  /** The lines of its blocks of commands. */
  readonly commands: readonly string[]
  /** A block by its file's name. */
  block(file: string): string
}

export function readDocument(name: string, heading = ''): Document {
  const whole = readFileSync(new URL(`../../../docs/${name}`, import.meta.url), 'utf8')
  const [text] = heading
    ? (new RegExp(`^### ${heading}\n[^]*?(?=^##|(?![^]))`, 'm').exec(whole) ?? [])
    : [whole]
  if (text === undefined) throw new Error(`docs/${name} has no section ${heading}`)
  const blocks: Record<string, string> = {}
  const unnamed: string[] = []
  const commands: string[] = []
  for (const [, language, code] of text.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)) {
    const [, file] = /^(?:\/\/|<!--|#) (\S+)(?: -->)?\n/.exec(code!) ?? []
    if (language === 'sh') commands.push(...code!.trim().split('\n'))
    else if (file) blocks[file] = code!
    else unnamed.push(code!)
  }
  return {
    blocks,
    unnamed,
    commands,
    block(file) {
      const found = blocks[file]
      if (found === undefined) throw new Error(`docs/${name} has no block ${file}`)
      return found
    },
  }
}

/** The pages for React, Vue and Svelte. */
export const inAPage: Document = readDocument('in-a-page.md')

/** The handler that each section of docs/proxy.md mounts. */
export const proxyHandler: string = readDocument('proxy.md').block('flowscale.mjs')

/** A small server that serves `dist`, with the handler. */
export const smallServer: Readonly<Record<string, string>> = {
  'server.mjs': readDocument('proxy.md', 'Hono').block('server.mjs'),
  'flowscale.mjs': proxyHandler,
}

/** A page in plain JavaScript, and the command that puts its script into `dist`. */
export const plainPage: Readonly<Record<string, string>> = {
  'dist/index.html': readFileSync(join(frameworks, 'page/index.html'), 'utf8'),
  'page.js': readFileSync(join(frameworks, 'page/page.js'), 'utf8'),
}
export const buildPlainPage = 'npx esbuild page.js --bundle --format=esm --outfile=dist/page.js'

import { cpSync, readFileSync, rmSync } from 'node:fs'
import { resolve } from 'node:path'
import commonjs from '@rollup/plugin-commonjs'
import json from '@rollup/plugin-json'
import { nodeResolve } from '@rollup/plugin-node-resolve'
import { build, transform } from 'esbuild'
import { dts } from 'rollup-plugin-dts'
import esbuild from 'rollup-plugin-esbuild'
import license from 'rollup-plugin-license'

/**
 * One file per entry point; what several entries share is in one chunk beside them, so that an import reads two
 * files. `chunkOf` says in which chunk a module is, where rollup would make several.
 */
function pack(name, entries, chunkOf, ...plugins) {
  const root = `packages/${name}`
  const manifest = JSON.parse(readFileSync(`${root}/package.json`, 'utf8'))
  const external = (id) =>
    id.startsWith('node:') ||
    Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }).some(
      (d) => id === d || id.startsWith(`${d}/`),
    )
  const input = Object.fromEntries(Object.entries(entries).map(([out, file]) => [out, `${root}/src/${file}`]))
  const output = (suffix) => ({
    dir: `${root}/dist`,
    format: 'es',
    hoistTransitiveImports: false,
    entryFileNames: `[name]${suffix}`,
    chunkFileNames: `${chunkOf ? '[name]' : 'shared'}${suffix}`,
    ...(chunkOf && { manualChunks: chunkOf }),
    // For Next.js, whose pages are otherwise rendered on the server alone.
    banner: ({ name }) => (name === 'react' && suffix === '.js' ? "'use client'" : ''),
  })
  const sideEffects = { moduleSideEffects: false }
  return [
    {
      input,
      external,
      treeshake: sideEffects,
      output: output('.js'),
      plugins: [...plugins, esbuild({ target: 'es2022', tsconfig: false })],
    },
    {
      input,
      external,
      output: output('.d.ts'),
      plugins: [dts({ tsconfig: 'packages/tsconfig.node.json' })],
    },
  ]
}

const shared =
  /\/src\/(internal\/|(errors|inputs|push|run|types)\.|api\/(cancelRun|downloadOutput|executeWorkflow|getOutput|getRuns?)\.)/

/** Entry points that call functions of another one import its file. */
const clientChunk = (id) =>
  shared.test(id)
    ? 'shared'
    : /\/src\/poller\//.test(id)
      ? 'poller'
      : /\/client\/src\/(api\/|index\.)/.test(id)
        ? 'index'
        : /\/client\/src\/store\//.test(id)
          ? 'store'
          : /\/client\/src\/typed\./.test(id)
            ? 'typed'
            : undefined

const clientBuilds = pack(
  'client',
  {
    index: 'index.ts',
    poller: 'poller/index.ts',
    websocket: 'websocket/index.ts',
    logger: 'logger.ts',
    proxy: 'proxy/index.ts',
    typed: 'typed.ts',
    events: 'events.ts',
    store: 'store/index.ts',
    react: 'react.ts',
    webhook: 'webhook.ts',
    node: 'node/index.ts',
  },
  clientChunk,
)

/** `sharedBrowser.js`, which replaces `shared.js` in bundles for pages and Workers: `browser` of the client's package.json. */
const forPages = {
  name: 'for pages',
  resolveId: (id, importer) =>
    importer && id.endsWith('/upload.ts') ? resolve('packages/client/src/internal/upload.browser.ts') : null,
  generateBundle(_, files) {
    // The other files would be the same as those of the first build.
    for (const file of Object.keys(files)) if (file !== 'sharedBrowser.js') delete files[file]
  },
}
const [clientCode] = clientBuilds
const clientForPages = {
  ...clientCode,
  output: { ...clientCode.output, chunkFileNames: '[name]Browser.js' },
  plugins: [forPages, ...clientCode.plugins],
}

/** Puts the page that the servers show into the gateway's dist: one script, one style sheet. */
const playground = {
  name: 'playground',
  async writeBundle() {
    const from = 'packages/playground/src'
    const to = 'packages/gateway/dist/playground'
    // Files of an earlier build have other names.
    rmSync(to, { recursive: true, force: true })
    await build({
      entryPoints: [`${from}/main.tsx`],
      outdir: to,
      bundle: true,
      minify: true,
      format: 'esm',
      target: 'es2022',
      jsx: 'automatic',
      jsxImportSource: 'preact',
      banner: { js: '/*! With preact, by its licence in LICENSES.txt. */' },
      logLevel: 'warning',
    })
    cpSync(`${from}/index.html`, `${to}/index.html`)
    cpSync('node_modules/preact/LICENSE', `${to}/LICENSES.txt`)
  },
}

/** In which file of the command a library is: a verb reads those that it needs, and no other. */
const libraries = {
  commander: /\/commander\//,
  text: /\/(cli-truncate|slice-ansi|string-width|strip-ansi|ansi-\w+|get-east-asian-width|emoji-regex|is-fullwidth-code-point)\//,
  ora: /\/(ora|chalk|cli-cursor|restore-cursor|cli-spinners|log-symbols|is-interactive|is-unicode-supported|stdin-discarder|onetime|mimic-function|signal-exit)\//,
  csv: /\/csv-parse\//,
  diff: /\/diff\//,
  jsonc: /\/jsonc-parser\//,
  settings: /\/dotenv\//,
}
const libraryOf = (id) =>
  id.includes('/node_modules/') ? Object.keys(libraries).find((name) => libraries[name].test(id)) : undefined

const commandFolder = 'packages/flowscale/dist/command'

/** The libraries in the files of a command, and their licences in the file beside them. */
const bundled = (licences) => [
  nodeResolve({ exportConditions: ['node'], preferBuiltins: true }),
  commonjs(),
  json(),
  // Half of commander is comments.
  {
    name: 'without comments',
    transform: async (code, id) =>
      /\/node_modules\/.*\.js$/.test(id) ? (await transform(code, { minifyWhitespace: true })).code : null,
  },
  license({ thirdParty: { output: { file: licences, template: licencesOf } } }),
]

const licencesOf = (all) =>
  all
    .filter(({ name }) => !/^(@flowscale\/|flowscale$)/.test(name))
    .map((library) => library.text())
    .join('\n\n---\n\n')

/** The command: a file that the class never loads, and beside it one for each verb, and the libraries. */
const command = {
  input: 'packages/flowscale/src/command.ts',
  external: (id) => id.startsWith('node:') || id.startsWith('@flowscale/'),
  treeshake: { moduleSideEffects: false },
  output: {
    dir: 'packages/flowscale/dist',
    format: 'es',
    hoistTransitiveImports: false,
    entryFileNames: 'command.js',
    chunkFileNames: 'command/[name].js',
    manualChunks: libraryOf,
  },
  plugins: [
    ...bundled(`${commandFolder}/LICENSES.txt`),
    esbuild({ target: 'es2022', tsconfig: false }),
    // Files of an earlier build have other names.
    { name: 'clean', renderStart: () => rmSync(commandFolder, { recursive: true, force: true }) },
  ],
}

export default [
  ...clientBuilds,
  clientForPages,
  ...pack('flowscale', { index: 'index.ts' }),
  command,
  ...pack(
    'gateway',
    {
      index: 'index.ts',
      http: 'http.ts',
      node: 'node.ts',
      redis: 'redis.ts',
      s3: 's3.ts',
      workflows: 'workflows.ts',
      cli: 'cli.ts',
    },
    undefined,
    playground,
    ...bundled('packages/gateway/dist/LICENSES.txt'),
  ),
  ...pack('ai-sdk', { index: 'index.ts' }),
  ...pack(
    'mcp',
    { index: 'index.ts', cli: 'cli.ts' },
    undefined,
    ...bundled('packages/mcp/dist/LICENSES.txt'),
  ),
  ...pack(
    'emulator',
    { index: 'index.ts', node: 'node.ts', cli: 'cli.ts' },
    undefined,
    ...bundled('packages/emulator/dist/LICENSES.txt'),
  ),
]

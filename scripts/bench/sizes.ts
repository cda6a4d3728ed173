// What an import weighs in a bundle.
import { builtinModules } from 'node:module'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync } from 'node:zlib'
import { build } from 'esbuild'
import { bundleSize } from '../lib/bundleSize.ts'
import { sizeCases, sizeTargets } from '../lib/sizeCases.ts'
import { withoutMessages } from '../lib/withoutMessages.ts'
import type { Figure, Section } from './figure.ts'
import { peerNames, peersFolder } from './peerNames.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const nameOf = (name: string): string => `size of ${name}`
/** Peers are compared with this case: all exports. */
const whole = 'every entry point'

/** Where the bytes are, of one that is too large. */
async function parts(code: string): Promise<string> {
  const { metafile } = await build({
    stdin: {
      contents: code.replaceAll(/\.\/packages\/(\w+)\/dist\/(\w+)\.js/g, (_, name, entry) =>
        entry === 'index' ? `./packages/${name}/src/index.ts` : `./packages/${name}/src/${entry}/index.ts`,
      ),
      resolveDir: root,
      loader: 'js',
    },
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    metafile: true,
    logLevel: 'silent',
  })
  const inputs = Object.values(metafile.outputs)[0]!.inputs
  const list = Object.entries(inputs).map(
    ([file, { bytesInOutput }]) => [file.replace(/^.*\/(src|dist)\//, ''), bytesInOutput] as const,
  )
  return list
    .sort(([, a], [, b]) => b - a)
    .slice(0, 8)
    .map(([file, bytes]) => `${file} ${bytes}`)
    .join(', ')
}

async function peerSizes(): Promise<[string, { raw: number; gzip: number; brotli: number }][]> {
  const external = [...builtinModules, 'node:*', 'ws']
  return Promise.all(
    peerNames.map(async (name) => {
      const code = `export * from '${name}'; import * as all from '${name}'; export { all }`
      return [name, await bundleSize(code, peersFolder, external)] as const
    }),
  ).then((list) => list.map(([name, size]) => [name, size]))
}

export const sizes: Section[] = [
  {
    name: 'sizes',
    figures: sizeCases().map(({ name }) => nameOf(name)),
    async run(say) {
      say('sizes')
      const peers = await peerSizes()
      const figures: Figure[] = []
      // What anybody has to write to send the request and read the answer.
      const floor = await bundleSize(
        "export const get = async (url, key) => (await fetch(url, { headers: { 'X-API-KEY': key } })).json()",
      )
      for (const { name, code } of sizeCases()) {
        const { text, raw, gzip, brotli } = await bundleSize(code)
        const mute = brotliCompressSync(withoutMessages(text)).length
        const target = sizeTargets[name]
        figures.push({
          name: nameOf(name),
          unit: 'bytes, brotli',
          value: brotli,
          floor: floor.brotli,
          peers: name === whole ? Object.fromEntries(peers.map(([peer, size]) => [peer, size.brotli])) : {},
          beside: {
            minified: raw,
            gzip,
            ...(name === whole &&
              Object.fromEntries(
                peers.flatMap(([peer, size]) => [
                  [`${peer}, minified`, size.raw],
                  [`${peer}, gzip`, size.gzip],
                ]),
              )),
          },
          target: target ? `at most ${target}` : null,
          met: target ? brotli <= target : null,
          ...(target &&
            brotli > target && {
              note: `Without error messages it would be ${mute}. Minified bytes by file: ${await parts(code)}.`,
            }),
        })
      }
      return figures
    },
  },
]

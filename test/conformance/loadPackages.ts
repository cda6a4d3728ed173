import * as index from '@flowscale/client'
import * as events from '@flowscale/client/events'
import * as logger from '@flowscale/client/logger'
import * as poller from '@flowscale/client/poller'
import * as proxy from '@flowscale/client/proxy'
import * as store from '@flowscale/client/store'
import * as typed from '@flowscale/client/typed'
import * as webhook from '@flowscale/client/webhook'
import * as websocket from '@flowscale/client/websocket'
import { build } from 'esbuild'
import { encode } from 'fast-png'
import { FlowscaleAPI } from 'flowscale'
import type { Context } from './types.ts'

/** What the cases get beside a server, on Node. */
export async function loadPackages(): Promise<Pick<Context, 'lib' | 'FlowscaleAPI' | 'copy' | 'png'>> {
  // Another copy, as it would lie in another folder of node_modules.
  const { outputFiles } = await build({
    entryPoints: ['packages/client/src/index.ts'],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'neutral',
  })
  return {
    lib: {
      ...index,
      ...poller,
      ...websocket,
      ...logger,
      ...proxy,
      ...typed,
      ...events,
      ...store,
      ...webhook,
    },
    FlowscaleAPI,
    copy: await import(`data:text/javascript,${encodeURIComponent(outputFiles[0]!.text)}`),
    png: new Uint8Array(encode({ width: 2, height: 2, data: new Uint8Array(12).fill(200), channels: 3 })),
  }
}

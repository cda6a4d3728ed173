// The cases against the installed tarballs; bundled without them for each runtime.
import * as index from '@flowscale/client'
import * as events from '@flowscale/client/events'
import * as logger from '@flowscale/client/logger'
import * as poller from '@flowscale/client/poller'
import * as proxy from '@flowscale/client/proxy'
import * as store from '@flowscale/client/store'
import * as typed from '@flowscale/client/typed'
import * as webhook from '@flowscale/client/webhook'
import * as websocket from '@flowscale/client/websocket'
import { FlowscaleAPI } from 'flowscale'
// @ts-expect-error: made by the script that runs this
import * as copy from 'flowscale-client-copy'
import { runCases, type Where } from '../../conformance/runCases.ts'

const lib = {
  ...index,
  ...poller,
  ...websocket,
  ...logger,
  ...proxy,
  ...typed,
  ...events,
  ...store,
  ...webhook,
}

/** Runs the cases here, and tells the control server what came of them. */
export async function run(
  control: string,
  row: string,
  { version, inBrowser = false, atOnce = 6 }: { version: string; inBrowser?: boolean; atOnce?: number },
): Promise<void> {
  const lacks: Where['lacks'] = {}
  if (typeof File === 'undefined') lacks.File = 'there is no File'
  if (inBrowser) lacks['Request.body'] = 'a browser can’t send a stream over HTTP/1.1'
  if (!globalThis.crypto) lacks.crypto = 'there is no global crypto'
  const options = inBrowser ? { allowDangerouslyExposeApiKey: true } : {}
  const report = await runCases(
    { lib, FlowscaleAPI, copy },
    { control, version, lacks, atOnce, options },
  ).catch((error) => ({
    version,
    cases: 0,
    passed: 0,
    skipped: [],
    failed: [{ name: 'the suite', error: String(error) }],
  }))
  await fetch(`${control}/done?row=${encodeURIComponent(row)}`, {
    method: 'POST',
    body: JSON.stringify(report),
  })
}

// Every entry point with all its exports: what is nowhere in this can't be looked for elsewhere.
// But for the hooks, which need react, that an app need not have.
import * as index from '@flowscale/client'
import * as events from '@flowscale/client/events'
import * as logger from '@flowscale/client/logger'
import * as poller from '@flowscale/client/poller'
import * as proxy from '@flowscale/client/proxy'
import * as store from '@flowscale/client/store'
import * as typed from '@flowscale/client/typed'
import * as webhook from '@flowscale/client/webhook'
import * as websocket from '@flowscale/client/websocket'
import * as flowscale from 'flowscale'

globalThis.app = () =>
  [index, events, logger, poller, proxy, store, typed, webhook, websocket, flowscale].flatMap((all) =>
    Object.keys(all).sort(),
  )

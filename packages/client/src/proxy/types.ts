import type { PushConnection } from '../types.ts'

/** The operations that a caller may use through the proxy, with the names of the client's functions. */
export type ProxyOperation =
  | 'checkHealth'
  | 'getQueue'
  | 'getWorkflows'
  | 'executeWorkflow'
  | 'getOutput'
  | 'cancelRun'
  | 'getRun'
  | 'getRuns'
  | 'connectEvents'

/**
 * `true`: yes. `{ groupId }`: yes, and the proxy puts all runs of this caller in that group. The caller sees only the runs
 * and outputs of the group; the others are answered with 404. A `Response` of any class: no, with this answer (make a new
 * one each time). Anything else: no, with 403.
 */
export type ProxyPermission = boolean | Response | { readonly groupId: string }

/** Options of {@link createProxyHandler}. */
export interface ProxyOptions {
  /**
   * Says whether a request may pass. Everybody who may pass can start runs that you pay for. It is called for each request
   * of the API, before the body is read, and must not read the body. `'public'`: everybody may pass.
   */
  authorize: 'public' | ((request: Request) => ProxyPermission | Promise<ProxyPermission>)
  /** What passes at all; the rest is answered with 403. Default: every operation, every workflow. */
  allow?:
    | {
        /** Default: all. `getQueue` shows the run ids of everybody, and `getWorkflows` every workflow. */
        readonly operations?: readonly ProxyOperation[] | undefined
        /** What may be executed. Default: every workflow. */
        readonly workflowIds?: readonly string[] | undefined
      }
    | undefined
  /** A longer body of an execute is answered with 413, in bytes. Default 104857600, that is 100 MiB. */
  maxBodyBytes?: number | undefined
  /** What stands before `/api/v1/…` in the path of a request, such as `/api/flowscale`. Default: nothing. */
  basePath?: string | undefined
  /** Origins of other sites whose pages may call, with cookies, such as `https://app.example.com`. Default: none. */
  cors?: readonly string[] | undefined
  /**
   * A connection of `connectWebSocket` or `connectEvents` to the pod, so that the events of runs need fewer requests. Not used
   * on Workers. Default: the proxy polls each run that has readers, once a second.
   */
  push?: PushConnection | undefined
  /** A stream of events ends after this time, in ms. Its reader connects again, and `authorize` is called. Default 300000. */
  maxDurationMs?: number | undefined
}

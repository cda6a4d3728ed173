import type { PushConnection } from '../types.ts'

/** What a caller may do through the proxy; named after the functions of the client. */
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
 * `true`: yes. A `Response`, of any class: no, and it is the answer (make a new one each time). `{ groupId }`: yes, and
 * all that this caller runs is put in that group, of whose runs and outputs alone it can ask; those of others are answered
 * with 404. Anything else is a no, answered with 403.
 */
export type ProxyPermission = boolean | Response | { readonly groupId: string }

/** Options of {@link createProxyHandler}. */
export interface ProxyOptions {
  /**
   * Says whether a request may pass; without it, everybody's runs would be on your bill. It is asked for each request
   * of the API, before the body is read, and must not read it. `'public'`: everybody may.
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
   * on Workers. Default: the pod is asked for each run that has readers, once a second.
   */
  push?: PushConnection | undefined
  /** A stream of events ends after so long, in ms. Its reader asks again, and `authorize` decides anew. Default 300000. */
  maxDurationMs?: number | undefined
}

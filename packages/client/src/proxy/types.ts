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

/**
 * `true`: yes. A `Response`: no, and it is the answer. `{ groupId }`: yes, and all that this caller runs is put in
 * that group, of which alone it sees the runs. Anything else is a no, answered with 403.
 */
export type ProxyPermission = boolean | Response | { readonly groupId: string }

/** Options of {@link createProxyHandler}. */
export interface ProxyOptions {
  /**
   * Says whether a request may pass; without it, everybody's runs would be on your bill. It must not read the
   * body. `'public'`: everybody may.
   */
  authorize: 'public' | ((request: Request) => ProxyPermission | Promise<ProxyPermission>)
  /** What passes at all. Default: every operation, every workflow. */
  allow?:
    | {
        readonly operations?: readonly ProxyOperation[] | undefined
        /** What may be executed. */
        readonly workflowIds?: readonly string[] | undefined
      }
    | undefined
  /** A larger upload is answered with 413, in bytes. Default 104857600, that is 100 MiB. */
  maxBodyBytes?: number | undefined
  /** What stands before `/api/v1/…` in the path of a request, such as `/api/flowscale`. Default: nothing. */
  basePath?: string | undefined
  /** Origins of other sites whose pages may call, such as `https://app.example.com`. Default: none. */
  cors?: readonly string[] | undefined
}

import * as api from '@flowscale/client'
import { createLogger, type LevelLogger, type LogLevel } from '@flowscale/client/logger'
import { type ExecuteAsyncOptions, executeWorkflowAsync, type RunResult } from '@flowscale/client/poller'
import { type InputsFor, run, submit, type TypedResult, type TypedWorkflow } from '@flowscale/client/typed'
import { withWebhook } from '@flowscale/client/webhook'
import { type Connection, connectWebSocket, type WebSocketOptions } from '@flowscale/client/websocket'
import { type AsyncOptions, type FlowscaleOptions, type SubmitOptions, toClientOptions } from './options.ts'

type Options = api.RequestOptions
type Envelope<T> = Promise<api.Envelope<T>>

/** Any workflow of `defineWorkflow`. */
export type AnyWorkflow = TypedWorkflow<never, string>

// The two methods that take a workflow or its id have one signature each, not overloads: for overloads the compiler lists
// each signature, and does not name the wrong input. Where `W` is not inferred, as in `ReturnType`, the types are those of
// an id.

/** The inputs of a workflow, or of the id of a workflow. */
export type DataFor<W, T> = [W] extends [AnyWorkflow] ? InputsFor<W> : T & api.InputsOf<T>

/** The result of a wait for a run of a workflow, or of an id. */
export type ResultFor<W> = [W] extends [string]
  ? RunResult
  : [W] extends [TypedWorkflow<never, infer O>]
    ? TypedResult<O>
    : RunResult

/** The state of an instance. */
interface Own {
  readonly logger: LevelLogger
  headers: Record<string, string>
  readonly merge: (headers: Record<string, string>) => void
  connection?: Connection
}

/**
 * The class of the published `flowscale` package, with the functions of `@flowscale/client` inside. It has the same
 * methods, parameters, defaults and results. After these parameters each method takes the options of its function.
 *
 * @throws {@link ArgumentError} if the key is missing, or `createClient` refuses an option.
 *
 * @example
 * ```ts
 * const flowscale = new FlowscaleAPI({ apiKey: process.env.FLOWSCALE_API_KEY, baseUrl: process.env.FLOWSCALE_API_URL })
 * const result = await flowscale.executeWorkflowAsync('bncu0a1kipv', { text_51536: 'a red fox' })
 * ```
 */
export class FlowscaleAPI {
  /** The client, for the functions of `@flowscale/client`. */
  readonly client: api.Client
  // Not a `#` field, which a proxy, such as Vue's, can't read. A function, because no log shows its content.
  declare private readonly own: () => Own

  constructor(options: FlowscaleOptions) {
    const { enableLogging: enabled, logLevel: level, customHeaders } = options ?? {}
    const logger = createLogger({ enabled, level })
    const given = toClientOptions(options ?? {}, logger)
    const own: Own = {
      logger,
      headers: {},
      merge(headers) {
        // Refuses illegal headers here, and not at each request.
        api.createClient({ ...given, headers })
        const names = Object.keys(headers).map((name) => name.toLowerCase())
        for (const name in own.headers) if (names.includes(name.toLowerCase())) delete own.headers[name]
        Object.assign(own.headers, headers)
      },
    }
    own.merge(customHeaders ?? {})
    Object.defineProperty(this, 'own', { value: () => own })
    const idempotency = api.idempotencyWhereKept()
    const client = api.createClient({ ...given, idempotency, headers: () => own.headers })
    this.client = clientFor(client, options.webhookUrl)
  }

  /** Gets the state of each container of the pod. */
  checkHealth(options?: Options): Envelope<api.ContainerHealth[]> {
    return api.checkHealth(this.client, options)
  }

  /** Gets the queue of each container: the runs that it works on and those that wait. */
  getQueue(options?: Options): Envelope<api.ContainerQueue[]> {
    return api.getQueue(this.client, options)
  }

  /** Lists the deployed workflows. `parseWorkflow` reads their inputs and outputs. */
  getWorkflows(options?: Options): Envelope<api.Workflow[]> {
    return api.getWorkflows(this.client, options)
  }

  /**
   * Submits a run. It does not wait for the result; `data.run_id` has the id. Before the first submission, the class asks the
   * server whether it keeps an `Idempotency-Key`. Only then a submission whose run may have started is sent again. Instead of the id you can pass a workflow of `defineWorkflow`, which types the inputs.
   */
  executeWorkflow<T extends object, W extends string | AnyWorkflow = string>(
    workflow: W,
    data: DataFor<W, T>,
    groupId?: string,
    options?: SubmitOptions,
  ): Envelope<api.Execution> {
    const { webhookUrl, ...rest } = options ?? {}
    const client = clientFor(this.client, webhookUrl)
    const all = { ...rest, groupId: groupId || undefined }
    const inputs = data as api.Inputs
    return typeof workflow === 'object'
      ? submit(client, workflow, inputs as never, all)
      : api.executeWorkflow(client, workflow, inputs, all)
  }

  /**
   * Submits a run and waits for its outputs. By default `pollIntervalMs` is 1000 and `timeoutMs` 300000. The error of a
   * time-out says `timed out`, and has the `runId` and `resume`, which continues the wait. Instead of the id you can pass a
   * workflow of `defineWorkflow`, which types the inputs and gives the outputs by name.
   */
  executeWorkflowAsync<T extends object, W extends string | AnyWorkflow = string>(
    workflow: W,
    data: DataFor<W, T>,
    groupId?: string,
    pollIntervalMs = 1000,
    timeoutMs = 300_000,
    options?: AsyncOptions,
  ): Promise<ResultFor<W>> {
    const { logger } = this.own()
    const { webhookUrl, ...rest } = options ?? {}
    const client = clientFor(this.client, webhookUrl)
    const all: ExecuteAsyncOptions = {
      ...rest,
      groupId: groupId || undefined,
      pollIntervalMs,
      timeoutMs,
      onUpdate: (run) => {
        const { _id: runId, status } = run
        logger.debug(`Polling workflow output: ${JSON.stringify({ runId, status })}`)
        return options?.onUpdate?.(run)
      },
    }
    const inputs = data as api.Inputs
    const result: Promise<RunResult | TypedResult<string>> =
      typeof workflow === 'object'
        ? run(client, workflow, inputs as never, all)
        : executeWorkflowAsync(client, workflow, inputs, all)
    return result as Promise<ResultFor<W>>
  }

  /** Gets an output by its name. `null`: it is not ready yet. */
  getOutput(filename: string, options?: Options): Promise<api.Envelope<api.Output> | null> {
    return api.getOutput(this.client, filename, options)
  }

  /** Cancels a run that is queued or running. */
  cancelRun(runId: string, options?: Options): Envelope<unknown> {
    return api.cancelRun(this.client, runId, options)
  }

  /** Gets the state of a run, and its outputs when it is done. */
  getRun(runId: string, options?: Options): Envelope<api.Run> {
    return api.getRun(this.client, runId, options)
  }

  /** Lists a page of the runs of a group, or of all runs. */
  getRuns(groupId?: string, options?: Omit<api.GetRunsOptions, 'groupId'>): Envelope<api.RunList> {
    return api.getRuns(this.client, { ...options, groupId: groupId || undefined })
  }

  /** Opens a connection, after closing an earlier one. Returns the function that closes it. */
  connectWebSocket(options: WebSocketOptions = {}): () => void {
    this.disconnectWebSocket()
    const connection = connectWebSocket(this.client, options)
    this.own().connection = connection
    return () => connection.close()
  }

  /** Closes the connection, if there is one. */
  disconnectWebSocket(): void {
    this.own().connection?.close()
  }

  /** Sends a message. `false`: there is no open connection. */
  sendWebSocketMessage(message: unknown): boolean {
    return this.own().connection?.send(message) ?? false
  }

  /** Whether there is an open connection. */
  isWebSocketConnected(): boolean {
    return this.own().connection?.connected ?? false
  }

  /** Switches the logger on or off, and sets its level. */
  setLoggingConfig(enabled: boolean, level?: LogLevel): void {
    if (level !== undefined) this.own().logger.setLevel(level)
    this.own().logger.setEnabled(enabled)
  }

  /** The settings of the logger. */
  getLoggingConfig(): { enabled: boolean; level: LogLevel } {
    return this.own().logger.config()
  }

  /** Adds custom headers from the next request on. A header replaces one of the same name in any case. */
  updateCustomHeaders(headers: Record<string, string>): void {
    this.own().merge(headers ?? {})
  }

  /** A copy of the custom headers. */
  getCustomHeaders(): Record<string, string> {
    return { ...this.own().headers }
  }

  /** Removes all custom headers from the next request on. */
  clearCustomHeaders(): void {
    this.own().headers = {}
  }
}

const clientFor = (client: api.Client, webhookUrl: string | undefined): api.Client =>
  webhookUrl === undefined ? client : withWebhook(client, webhookUrl)

// The calls of a worker to its gateway. A worker in another process makes them over HTTP: http/routes/worker.ts.

/** The state that a worker sends when it asks for news. */
export interface WorkerState {
  /** The runs that it has. */
  readonly has: readonly string[]
  /** The runs of `has` that it was told to stop. */
  readonly stopping: readonly string[]
  /** Whether it takes runs: its ComfyUI answers, and the worker is not about to stop. */
  readonly isUp: boolean
}

/** The end of a run as its worker saw it. */
export interface Outcome {
  readonly status: 'completed' | 'failed' | 'cancelled'
  readonly error: string | null
  readonly completedAt: number | null
  /** Of each file, its place on ComfyUI, or else its text. */
  readonly files: readonly {
    readonly name: string
    readonly at?: { readonly filename: string; readonly subfolder: string; readonly type: string } | undefined
    readonly text?: string | undefined
  }[]
  /** The lack of the server that made the run fail. */
  readonly fault?: string | undefined
}

/** The gateway as the worker of one server sees it. Any method may be called again. */
export interface WorkerPort<News = object> {
  /** Gives news as soon as there are any, and none after a while. */
  poll(state: WorkerState, signal: AbortSignal): Promise<News>
  /** Called before a run is sent. Gives a mark, or `undefined` if another server has the run, or it was cancelled. */
  send(id: string): Promise<number | undefined>
  /** Gives back a run that surely was not sent after this mark. */
  giveBack(id: string, mark: number | undefined): Promise<void>
  /** `isDone`: the GPU is free, and the end follows. */
  report(
    id: string,
    progress: { readonly progress: number; readonly node?: string | undefined },
    isDone: boolean,
  ): Promise<void>
  /** A picture of a run whose pictures somebody asks for. */
  putPreview(id: string, data: Uint8Array): Promise<void>
  openInput(id: string, name: string): Promise<{ body: ReadableStream<Uint8Array>; size: number }>
  putOutput(id: string, name: string, body: ReadableStream<Uint8Array>): Promise<void>
  end(id: string, outcome: Outcome): Promise<void>
  /** Answers a question to its ComfyUI. */
  answer(id: string, answer: { readonly status: number; readonly text: string }): Promise<void>
}

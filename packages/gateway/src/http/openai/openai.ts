// OpenAI's image API. A call names a workflow as its model, and makes one run of it or several.
import {
  type Draft,
  EngineError,
  InputError,
  isEnded,
  mayRun,
  type Run,
  type Submission,
  type Workflow,
} from '../../engine.ts'
import { createLruCache } from '../../lruCache.ts'
import { contentTypeOf } from '../../mediaTypes.ts'
import { lazyStream, toBase64, within } from '../../runtime.ts'
import { failure, json } from '../answers.ts'
import { createFormHash } from '../form/createFormHash.ts'
import { type FormValues, readForm } from '../form/readForm.ts'
import { linkTo } from '../links.ts'
import { EVENT_STREAM } from '../routes/events.ts'
import { openHash, recheck } from '../routes/runs.ts'
import { watchRun } from '../routes/wait.ts'
import type { ApiRequest, Route } from '../types.ts'
import { type Fitted, fitFields, type ImageRequest, readImageRequest, refusal } from './readImageRequest.ts'

/** A request that was sent again joins a run of at most this age. */
const JOIN_MS = 15 * 60_000
/** So many runs of equal requests are looked at. */
const MOST_JOINED = 100
/** Bodies are in memory until their runs are submitted. More than this at once are refused. */
const MOST_HELD = 256 * 2 ** 20
const LOOK_MS = 500
/** Proxies give up a stream that is silent for long. */
const PING_MS = 15_000

const MODEL = '/v1/models/'

/** The route of a request among those of `createOpenai`. */
export const openaiRoute = (
  routes: Readonly<Record<string, Route>> | undefined,
  method: string,
  pathname: string,
): Route | undefined =>
  routes?.[`${method} ${pathname.length > MODEL.length && pathname.startsWith(MODEL) ? MODEL : pathname}`]

/** The routes by method and path, each with the operation that it stands for. */
export function createOpenai(): Readonly<Record<string, Route>> {
  /** By the id of a run: the number of the last repeated request for it. Infinite once the answer was read to its end. */
  const joined = createLruCache<number>(5_000)
  /** The latest start in each group: equal requests start one after the other. */
  const starts = new Map<string, Promise<unknown>>()
  let heldBytes = 0

  /** Nothing that it returns holds the body: a run may take an hour. */
  async function start(call: ApiRequest, isEdit: boolean) {
    const { api, request, caller } = call
    const about = ['openai', isEdit]
    const known = openHash(request, api, about)
    const again = known ? 0 : Number(request.headers.get('x-stainless-retry-count') ?? 0)
    if (again > 0 && !api.engine.findKey)
      throw new EngineError(
        409,
        "This request was sent again, and may have a run already: without a queue, the gateway can't know",
      )
    const hash = known ?? createFormHash('', about)
    let ownBytes = 0
    const hold = (bytes: number): void => {
      // After the caller has left, nobody would give the bytes back.
      request.signal.throwIfAborted()
      ownBytes += bytes
      heldBytes += bytes
      if (heldBytes > MOST_HELD)
        throw new EngineError(429, 'Too many large requests at once', { retryAfterS: 5 })
    }
    try {
      const wanted = await readImageRequest(call, hash, hold)
      const once = await hash.digest()
      const groupId = `openai/${once.hash.replaceAll('/', '_')}`
      const work = Promise.resolve(starts.get(groupId)).then(async () => {
        const workflow = await findModel(call, wanted.model)
        await recheck(request, api, caller, workflow.id)
        if (wanted.n > (caller.maxUnfinished ?? wanted.n))
          throw refusal('n', `The key may have ${caller.maxUnfinished} runs at a time`)
        const fitted = fitFields(workflow, wanted, isEdit)
        const { engine } = api
        const page = { sortBy: 'created_at', sortOrder: 'desc', offset: 0, limit: MOST_JOINED } as const
        const { runs } = engine.findKey
          ? await engine.getRuns({ groupId, owner: caller.owner, ...page })
          : { runs: [] }
        // Another gateway may be about to start the run of this request: with the same key there, both are one run.
        const own = known ? once : { ...once, key: `${groupId}/${runs[0]?.id ?? ''}` }
        const queued = engine.findKey ? { groupId, once: own } : { groupId: null, once: undefined }
        return {
          ignored: fitted.ignored,
          runs: join(runs, wanted.n, again) ?? (await submitRuns(call, fitted, { ...wanted, ...queued })),
        }
      })
      const settled = work.catch(() => {})
      starts.set(groupId, settled)
      void settled.then(() => starts.get(groupId) === settled && starts.delete(groupId))
      const { fields: _, ...rest } = wanted
      return { ...rest, ...(await work) }
    } finally {
      heldBytes -= ownBytes
    }
  }

  async function createImages(call: ApiRequest, isEdit: boolean): Promise<Response> {
    const { runs, ignored, ...wanted } = await start(call, isEdit)
    const headers = {
      'x-flowscale-run': runs.map(({ id }) => id).join(),
      ...(ignored.length > 0 && { 'x-flowscale-ignored': ignored.join() }),
    }
    const delivered = (): void => {
      for (const { id } of runs) joined.set(id, Number.POSITIVE_INFINITY)
    }
    if (wanted.isStream) return streamImage(call, runs[0]!, wanted, isEdit, headers, delivered)
    try {
      const made = runs.map(async (run) => {
        const { over, latest } = watchRun(call, run.id, run)
        await over
        return await imagesOf(call, latest(), wanted)
      })
      const data = (await Promise.all(made)).flat()
      return bodyOf(JSON.stringify({ created: nowS(), data }), delivered, headers)
    } catch (error) {
      if (call.request.signal.aborted) throw error
      // Not a 5xx, after which clients send the request again.
      return failure(call.api.dialect, 400, messageOf(error), headers)
    }
  }

  /** The oldest runs of equal requests that no such repeated request has joined, or else the newest runs. */
  function join(runs: readonly Run[], n: number, again: number): readonly Run[] | undefined {
    if (again === 0) return undefined
    const recent = runs.filter(({ createdAt }) => Date.now() - createdAt <= JOIN_MS)
    const open = recent.filter(({ id }) => (joined.get(id) ?? 0) < again)
    const found = open.length > 0 ? open.slice(-n) : recent.slice(0, n)
    for (const { id } of found) joined.set(id, Math.max(again, joined.get(id) ?? 0))
    return found.length > 0 ? found.reverse() : undefined
  }

  const images = (isEdit: boolean): Route => ({
    operation: 'executeWorkflow',
    hasForm: true,
    answer: (call) => createImages(call, isEdit),
  })
  return {
    'GET /v1/models': { operation: 'getWorkflows', answer: getModels },
    [`GET ${MODEL}`]: { operation: 'getWorkflows', answer: getModel },
    'POST /v1/images/generations': images(false),
    'POST /v1/images/edits': images(true),
  }
}

/** The workflows of the caller that make pictures. */
const workflowsFor = async ({ api, caller }: ApiRequest): Promise<Workflow[]> =>
  (await api.engine.workflows()).filter(({ id }) => mayRun(caller, id))

const makesImages = ({ outputs }: Workflow): boolean => [...outputs.values()].includes('image')

const unknownModel = (model: string): EngineError =>
  new EngineError(404, `The model '${model}' does not exist: /v1/models lists the workflows that are models`)

async function findModel(call: ApiRequest, model: string): Promise<Workflow> {
  const found = (await workflowsFor(call)).find(({ id }) => id === model)
  if (!found) throw unknownModel(model)
  if (found.problem !== undefined) throw new EngineError(422, found.problem)
  if (!makesImages(found)) throw new EngineError(404, `The workflow '${model}' makes no image`)
  return found
}

async function getModels(call: ApiRequest): Promise<Response> {
  const isModel = (workflow: Workflow): boolean => workflow.problem === undefined && makesImages(workflow)
  const models = (await workflowsFor(call)).filter(isModel)
  return json(200, { object: 'list', data: models.map(toModel) })
}

const toModel = ({ id }: Workflow): object => ({ id, object: 'model', created: 0, owned_by: 'flowscale' })

async function getModel(call: ApiRequest): Promise<Response> {
  const id = call.url.pathname.slice(MODEL.length)
  return json(200, toModel(await findModel(call, decode(id) ?? id)))
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

/** Starts the runs. From the first submission on, a caller that leaves stops nothing. */
async function submitRuns(
  { api: { engine }, caller, request, requestId }: ApiRequest,
  fitted: Fitted,
  { model, n, partialImages, groupId, once }: ImageRequest & Pick<Submission, 'groupId' | 'once'>,
): Promise<readonly Run[]> {
  const drafts: Draft[] = []
  const forms: FormValues[] = []
  const runs: Run[] = []
  try {
    // All are checked before one is started.
    for (let at = 0; at < n; at++) {
      const draft = await engine.draft(model, new AbortController().signal, caller)
      if (!draft) throw unknownModel(model)
      drafts.push(draft)
      forms.push(await readForm(draft, fitted.partsOf(at), 'form'))
    }
    // A request that is sent again would not find it.
    request.signal.throwIfAborted()
  } catch (error) {
    for (const draft of drafts) draft.discard?.()
    throw error
  }
  for (const [at, draft] of drafts.entries()) {
    const own = once && { ...once, key: at > 0 ? `${once.key}/${at}` : once.key }
    try {
      const more = { groupId, requestId, once: own, previews: partialImages > 0 }
      runs.push((await draft.submit({ ...forms[at]!, ...more })).run)
    } catch (error) {
      for (const later of drafts.slice(at + 1)) later.discard?.()
      const status = error instanceof InputError ? 422 : ((error as EngineError).status ?? 500)
      // Anything above leaves open whether a run was started.
      if (at === 0 && status < 500) throw error
      const ids = [...runs.map(({ id }) => id), (error as EngineError).runId ?? []].flat().join()
      const started = ids === '' ? 'A run may have been started' : `These runs were started: ${ids}`
      throw new EngineError(400, `${messageOf(error)}. ${started}`, { runId: ids, cause: error })
    }
  }
  return runs
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** The pictures of a run, if it is completed. */
async function imagesOf(
  call: ApiRequest,
  run: Run,
  { format }: Pick<ImageRequest, 'format'>,
): Promise<object[]> {
  call.request.signal.throwIfAborted()
  if (!isEnded(run.status)) throw new EngineError(400, `The wait ends, and the run ${run.id} goes on`)
  if (run.status !== 'completed') {
    const why = run.status === 'failed' ? (run.error ?? 'no reason given') : 'it was cancelled'
    throw new EngineError(400, `The run failed: ${why}`)
  }
  const names = run.files.filter((name) => contentTypeOf(name).startsWith('image/'))
  if (names.length === 0) throw new EngineError(400, 'The run made no picture')
  return await Promise.all(
    names.map(async (name) => {
      if (format === 'url') return { url: await linkTo(call, run.id, name) }
      const file = await call.api.engine.readOutput(run.id, name, new Headers(), call.request.signal)
      if (file?.status !== 200) throw new EngineError(400, `The picture ${name} is gone`)
      return { b64_json: toBase64(new Uint8Array(await file.arrayBuffer())) }
    }),
  )
}

const nowS = (): number => Math.floor(Date.now() / 1_000)

/** An answer that tells when it was read to its end. */
function bodyOf(text: string, delivered: () => void, headers: Record<string, string>): Response {
  const bytes = [new TextEncoder().encode(text)]
  const body = lazyStream((controller) => {
    const next = bytes.pop()
    if (next) return controller.enqueue(next)
    delivered()
    controller.close()
  })
  return new Response(body, { headers: { 'content-type': 'application/json', ...headers } })
}

/** Sends pictures of the run at work, and at last its result. */
function streamImage(
  call: ApiRequest,
  run: Run,
  wanted: Pick<ImageRequest, 'format' | 'partialImages'>,
  isEdit: boolean,
  headers: Record<string, string>,
  delivered: () => void,
): Response {
  const { over, isOver, latest, leave } = watchRun(call, run.id, run)
  const encoder = new TextEncoder()
  const kind = isEdit ? 'image_edit' : 'image_generation'
  const about = {
    created_at: nowS(),
    background: 'auto',
    output_format: 'png',
    quality: 'auto',
    size: 'auto',
  }
  let partial = 0
  let seen: number | undefined
  const eventOf = (type: string, data: object): Uint8Array =>
    encoder.encode(`event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`)

  async function nextPartial(): Promise<Uint8Array | undefined> {
    const { progress, preview } = latest()
    // The pictures are spread over the run.
    if (preview === undefined || preview === seen || progress < partial / (wanted.partialImages + 1))
      return undefined
    seen = preview
    const picture = await call.api.engine.readPreview?.(run.id)
    if (!picture) return undefined
    const data = { b64_json: toBase64(picture.data), partial_image_index: partial++, ...about }
    return eventOf(`${kind}.partial_image`, data)
  }

  const body = lazyStream(async (controller) => {
    for (let waitedMs = 0; !isOver() && waitedMs < PING_MS; waitedMs += LOOK_MS) {
      await within(over, LOOK_MS)
      const event = !isOver() && partial < wanted.partialImages ? await nextPartial() : undefined
      if (event) return controller.enqueue(event)
    }
    if (!isOver()) return controller.enqueue(encoder.encode(': ping\n\n'))
    try {
      for (const image of await imagesOf(call, latest(), wanted))
        controller.enqueue(eventOf(`${kind}.completed`, { ...image, ...about, ...USAGE }))
      delivered()
    } catch (error) {
      controller.enqueue(eventOf('error', { error: errorOf(400, messageOf(error)) }))
    }
    controller.close()
  }, leave)
  return new Response(body, { headers: { ...EVENT_STREAM, ...headers } })
}

const NO_KEY = 'Missing API key: send it in the header Authorization: Bearer KEY'
const tokens = { text_tokens: 0, image_tokens: 0 }
const USAGE = { usage: { input_tokens: 0, output_tokens: 0, total_tokens: 0, input_tokens_details: tokens } }

function errorOf(status: number, message: string, param: string | null = null): object {
  const type = status === 429 ? 'rate_limit_error' : status >= 500 ? 'server_error' : 'invalid_request_error'
  const missing = param === 'model' ? 'model_not_found' : 'not_found'
  const code = status === 401 ? 'invalid_api_key' : status === 404 ? missing : null
  return { message, type, param, code }
}

/**
 * Gives an answer of the API the form that clients of OpenAI read. `joins`: a request may be sent again. `hasRoute`: what is
 * not found is the model.
 */
export async function toOpenaiForm(response: Response, joins: boolean, hasRoute: boolean): Promise<Response> {
  const { headers, status: given } = response
  // After a 429, and after a 5xx, which comes before the submission, nothing was started.
  if (!joins || (given !== 429 && given < 500)) headers.set('x-should-retry', 'false')
  const isJson = headers.get('content-type')?.startsWith('application/json')
  if (response.status < 400 || !isJson) return response
  const { detail, errors = [detail], data } = Object(await response.json())
  if (data?.run_id) headers.set('x-flowscale-run', data.run_id)
  const [first] = [errors[0]].flat()
  const isModel = hasRoute && given === 404
  const param = isModel ? 'model' : Array.isArray(first?.loc) ? String(first.loc.at(-1)) : null
  const messages =
    given === 401
      ? [NO_KEY]
      : [errors].flat(2).map((one) => (one?.loc ? `${one.loc.at(-1)}: ${one.msg}` : String(one)))
  // As OpenAI answers: a wrong key with 401, and a wrong field with 400.
  const status = { 403: 401, 422: 400 }[response.status] ?? response.status
  return json(status, { error: errorOf(status, messages.join('; '), param) }, Object.fromEntries(headers))
}

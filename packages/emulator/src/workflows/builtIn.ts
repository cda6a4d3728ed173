import { type PaintRequest, paint } from '../painter/index.ts'
import type { InputFile, OutputFile, RunContext, WorkflowDefinition, WorkflowInputs } from './types.ts'

const [LEAST_SECONDS, MOST_SECONDS] = [1, 4]
const MOST_WORDS = 1000

/** The workflows that an emulator comes with. */
export function builtIn(): WorkflowDefinition[] {
  return [textToImage, imageToImage, diptych, alwaysFails, neverEnds, textWriter, videoInfo, textToVideo]
}

const textToImage: WorkflowDefinition = {
  id: 'bncu0a1kipv',
  name: 'Text to Image',
  description: 'Generate an image from text input',
  inputs: {
    text_51536: 'string',
    seed: { kind: 'number', seed: true },
    image_1234: { kind: 'image', required: false },
    video_1239: { kind: 'video', required: false },
  },
  outputs: { image_output: 'image' },
  async run(inputs, context) {
    const prompt = String(inputs.text_51536)
    const size = { width: 768, height: 512 }
    const graph = graphOf(textToImage, inputs)
    const image = { kind: 'scene', prompt, seed: Number(inputs.seed), ...size, graph } as const
    return { image_output: await paintIn(3000, image, context) }
  },
}

const imageToImage: WorkflowDefinition = {
  id: 'a9bc45rt2kpm',
  name: 'Image to Image',
  description: 'Transform an existing image',
  inputs: { image_input: 'image', prompt: 'string' },
  outputs: { transformed_image: 'image' },
  async run(inputs, context) {
    const source = fileOf(inputs, 'image_input')
    const about = { prompt: String(inputs.prompt), seed: anySeed(context) }
    const image = { kind: 'repaint', ...about, source, graph: graphOf(imageToImage, inputs) } as const
    return { transformed_image: await paintIn(2000, image, context) }
  },
}

const diptych: WorkflowDefinition = {
  id: 'd1ptych7two2',
  name: 'Diptych',
  description: 'Two images from one prompt, or from one prompt each',
  inputs: { prompt: { kind: 'string', array: true }, seed: { kind: 'number', seed: true } },
  outputs: { left_image: 'image', right_image: 'image' },
  async run(inputs, context) {
    const prompts = [inputs.prompt].flat().map(String)
    if (prompts.length > 2) throw new Error(`prompt takes one or two texts, got ${prompts.length}`)
    const [left = '', right = left] = prompts
    const seed = Number(inputs.seed)
    const graph = graphOf(diptych, inputs)
    const half = (prompt: string, index: number): Promise<OutputFile> => {
      const progress = (fraction: number): void => context.progress((index + fraction) / 2)
      // Another seed for each, or one prompt would give the same picture twice.
      const image = { kind: 'scene', prompt, seed: seed + index, width: 512, height: 512, graph } as const
      return paintIn(1500, image, { ...context, progress })
    }
    return { left_image: await half(left, 0), right_image: await half(right, 1) }
  },
}

const alwaysFails: WorkflowDefinition = {
  id: 'fa1lsa1ways0',
  name: 'Always Fails',
  description: 'Fails after half a second, with the message you send',
  inputs: { message: { kind: 'string', required: false } },
  outputs: { image_output: 'image' },
  async run(inputs, context) {
    await context.sleep(500)
    throw new Error(String(inputs.message || 'This workflow always fails'))
  },
}

const neverEnds: WorkflowDefinition = {
  id: 'nev3rend5run',
  name: 'Never Ends',
  description: 'Runs until it is cancelled',
  inputs: {},
  outputs: { image_output: 'image' },
  run: (_inputs, { signal }) =>
    // A timer would keep the process alive.
    new Promise((_resolve, reject) => {
      const stop = (): void => reject(signal.reason)
      if (signal.aborted) stop()
      else signal.addEventListener('abort', stop, { once: true })
    }),
}

const textWriter: WorkflowDefinition = {
  id: 't3xtwr1ter00',
  name: 'Text Writer',
  description: 'Write a few lines from a prompt',
  inputs: { prompt: 'string', words: { kind: 'number', required: false } },
  outputs: { text_output: 'file' },
  async run(inputs, context) {
    const words = Number(inputs.words ?? 40)
    if (!Number.isInteger(words) || words < 1 || words > MOST_WORDS) {
      throw new Error(`words must be a whole number from 1 to ${MOST_WORDS}, got ${words}`)
    }
    const text = { kind: 'text', prompt: String(inputs.prompt), seed: anySeed(context), words } as const
    return { text_output: await paintIn(1000, text, context) }
  },
}

const videoInfo: WorkflowDefinition = {
  id: 'v1deoinf0000',
  name: 'Video Info',
  description: 'Report the name, size and type of a video',
  inputs: { video: 'video' },
  outputs: { info_output: 'file' },
  async run(inputs, { sleep, progress }) {
    const { name, type, data } = fileOf(inputs, 'video')
    for (const fraction of [0.25, 0.5, 0.75, 1]) {
      await sleep(250)
      progress(fraction)
    }
    const info = { name, size: data.byteLength, type: type || 'application/octet-stream' }
    const text = `${JSON.stringify(info, null, 2)}\n`
    return { info_output: { data: new TextEncoder().encode(text), type: 'application/json' } }
  },
}

const textToVideo: WorkflowDefinition = {
  id: 't3xt2v1deo00',
  name: 'Text to Video',
  description: 'Generate a short video from text, or from an image',
  inputs: {
    prompt: 'string',
    seed: { kind: 'number', seed: true },
    image: { kind: 'image', required: false },
    duration: { kind: 'number', required: false },
  },
  outputs: { video_output: 'video' },
  async run(inputs, context) {
    const seconds = Number(inputs.duration ?? 2)
    if (!(seconds >= LEAST_SECONDS && seconds <= MOST_SECONDS)) {
      throw new Error(`duration must be from ${LEAST_SECONDS} to ${MOST_SECONDS} seconds, got ${seconds}`)
    }
    const video = {
      kind: 'video',
      prompt: String(inputs.prompt),
      seed: Number(inputs.seed),
      width: 512,
      height: 288,
      durationMs: seconds * 1000,
      source: inputs.image === undefined ? undefined : fileOf(inputs, 'image'),
    } as const
    return { video_output: await paintIn(4000, video, context) }
  },
}

/** The graph that a picture holds: each input in the node of FlowScale that would take it. */
function graphOf({ inputs: all }: WorkflowDefinition, inputs: WorkflowInputs): object {
  const nodes = Object.entries(inputs).map(([label, value]) => {
    const kind = typeof all[label] === 'string' ? all[label] : all[label]!.kind
    if (kind === 'image' || kind === 'video')
      return {
        class_type: kind === 'image' ? 'FSLoadImage' : 'FSLoadVideo',
        inputs: { label, [kind]: value },
      }
    if (kind === 'number') return { class_type: 'FSLoadInteger', inputs: { label, default_value: value } }
    return { class_type: 'FSLoadText', inputs: { label, default_value: [value].flat().join('\n') } }
  })
  return Object.fromEntries(nodes.map((node, index) => [index + 1, node]))
}

function paintIn(
  totalMs: number,
  request: PaintRequest,
  { sleep, progress, preview }: RunContext,
): Promise<OutputFile> {
  return paint(request, { totalMs, sleep, progress, preview })
}

function fileOf(inputs: WorkflowInputs, name: string): InputFile {
  const value = inputs[name]
  if (typeof value !== 'object' || Array.isArray(value)) throw new Error(`${name} must be a file`)
  return value
}

function anySeed(context: RunContext): number {
  return Math.floor(context.random() * 2 ** 32)
}

import type { Classes } from '../../../../../packages/gateway/src/comfyui/editor/fields.ts'

/** `parseJson` leaves the limit as text. */
const seed = ['INT', { min: 0, max: '18446744073709551615', control_after_generate: true }]
const written = (required: object, output: string[] = ['IMAGE'], more: object = {}): object => ({
  input: { required },
  output,
  output_node: false,
  ...more,
})

/** Classes of a small ComfyUI. */
export const classes = {
  Make: written({ seed, steps: ['INT', { default: 20, min: 1 }], size: ['FLOAT', { default: 1.5 }] }),
  Text: written({ text: ['STRING', { dynamicPrompts: true }] }, ['STRING']),
  Pick: written({ style: [['plain', 'round']], model: ['COMBO', { options: ['a.pt'] }] }),
  Flag: written({ on: ['BOOLEAN', {}] }),
  Maybe: written({}, ['IMAGE'], {
    input: { optional: { mask: ['MASK'], steps: ['INT', { default: 20 }] } },
  }),
  Noise: written({ seed, on: ['BOOLEAN', {}] }),
  Load: written({ image: [['x.png'], { image_upload: true }] }),
  Math: written({ a: ['FLOAT,INT', {}], b: ['FLOAT,INT', {}] }, ['FLOAT', 'INT']),
  Ordered: written({ b: ['INT', {}], a: ['STRING', {}] }, ['IMAGE'], {
    input_order: { required: ['a', 'b'] },
  }),
  /** A list of a folder without models. */
  Empty: written({ name: [[]], kind: [['default']] }),
  Forced: written({ first: ['STRING', { forceInput: true }], second: ['STRING', {}], third: ['INT', {}] }),
  Twins: written({ first: ['STRING', { forceInput: true }], second: ['STRING', {}] }),
  Film: written({
    format: [
      'COMFY_DYNAMICCOMBO_V3',
      {
        options: [
          { key: 'gif', inputs: { required: {} } },
          { key: 'mp4', inputs: { required: { crf: ['INT', { default: 23 }] } } },
        ],
      },
    ],
    loops: ['INT', {}],
  }),
  Batch: written({
    images: [
      'COMFY_AUTOGROW_V3',
      { template: { input: { required: { image: ['IMAGE'] } }, prefix: 'image', min: 2, max: 9 } },
    ],
  }),
  Switch: written({ on_true: ['COMFY_MATCHTYPE_V3', { template: {} }] }),
  Tags: written({ tags: ['COMBO', { multiselect: true, options: ['a', 'b'] }] }),
  Box: written({ box: ['BOUNDING_BOX', {}] }),
  Camera: written({ picture: ['WEBCAM', {}] }),
  Paint: written({ picture: ['PAINTER', {}] }),
  Thirty: written({ count: ['INT', { min: 30, max: 30 }] }),
  Encode: written({ text: ['STRING', { multiline: true }] }, ['CONDITIONING']),
  Sample: written({ positive: ['CONDITIONING'], negative: ['CONDITIONING'] }),
  Blend: written({ one: ['IMAGE'], other: ['IMAGE'] }),
  'Spaced ': written({}),
  Show: { ...written({ source: ['*', {}] }, []), output_node: true },
  SaveImage: written({ images: ['IMAGE'], filename_prefix: ['STRING', {}] }, [], { output_node: true }),
  Save: written({ images: ['IMAGE'], filename_prefix: ['STRING', { default: 'ComfyUI' }] }, [], {
    output_node: true,
    display_name: 'Save Image',
  }),
} as unknown as Classes

type Inputs = Record<string, number | null>

/** A node of the editor. `inputs` are the links of its sockets. A name with `*` at its end has a field beside it. */
export function node(id: number, type: string, values: unknown, inputs: Inputs = {}, more: object = {}): any {
  const slots = Object.entries(inputs).map(([name, link]) => {
    const bare = name.replace('*', '')
    return { name: bare, type: 'IMAGE', link, ...(bare !== name && { widget: { name: bare } }) }
  })
  const outputs = [{ type: 'IMAGE' }, { type: 'IMAGE' }]
  return { id, type, mode: 0, inputs: slots, outputs, widgets_values: values, ...more }
}

/** Links as `from node, output, to node`, with the ids 1, 2, 3. */
export const links = (...all: [from: number, output: number, to: number][]): unknown[] =>
  all.map(([from, output, to], index) => [index + 1, from, output, to, 0, 'IMAGE'])

/** A file with a node that saves what node 1 makes. */
export const saved = (first: any, others: any[] = [], more: unknown[] = []): any => ({
  nodes: [first, node(9, 'Save', ['ComfyUI'], { images: 90 }), ...others],
  links: [[90, first.id, 0, 9, 0, 'IMAGE'], ...more],
  version: 0.4,
})

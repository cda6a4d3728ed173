// Workflows as image models, by the AI SDK 6 itself.
import { defineWorkflow } from '@flowscale/client/typed'
import { createProviderRegistry } from 'ai'
import { assert } from '#test'
import { assertNoCanary } from '../../support/canary.ts'
import { pluck } from '../../support/pluck.ts'
import { generate, hex, map, messagesOf, paint, studio, suiteWithStudio } from './openStudio.ts'

const test = suiteWithStudio('images of the AI SDK')

const bytesOf = (images: readonly { uint8Array: Uint8Array }[]) =>
  images.map(({ uint8Array }) => hex(uint8Array))

test('three images are three runs, with seeds that count up', async () => {
  const { images, providerMetadata, warnings, responses } = await generate({ n: 3, seed: 7 })
  assert.equal(
    bytesOf(images),
    [7, 8, 9].map((seed) => hex(paint({ prompt: 'a fox', seed }))),
  )
  assert.is(new Set(bytesOf(images)).size, 3)
  assert.is(images[0]!.mediaType, 'image/png')
  assert.equal(warnings, [])
  assert.is(responses.length, 1)
  assert.is(responses[0]!.modelId, 'p4int')
  const told: any[] = providerMetadata.flowscale!.images
  assert.equal(pluck(told, 'seed'), [7, 8, 9])
  assert.equal(pluck(told, 'runId').sort(), studio.emulator.ledger.runs.map(({ runId }) => runId).sort())
  for (const { url, filename } of told) {
    assert.ok(url.includes(filename))
    assert.is((await fetch(url)).status, 200)
  }
  assertNoCanary(providerMetadata)
  assert.is(studio.emulator.stats.keysRefusedAtFiles, 0)
})

test('a call without a seed draws one, and says which', async () => {
  const seedOf = async () => {
    const { providerMetadata } = await generate()
    return (providerMetadata.flowscale!.images[0] as any).seed
  }
  const [first, second] = [await seedOf(), await seedOf()]
  assert.is.not(first, second)
  assert.equal(pluck(studio.seen, 'seed'), [first, second])
})

test('a workflow without an input for a seed: the images may be equal, which is said', async () => {
  const { warnings, images } = await generate({ n: 2, seed: 7 }, { map: { prompt: 'prompt' } }, 'n0seed')
  assert.is(images.length, 4, 'both images of both runs, and no caption')
  assert.equal(
    warnings.map((warning) => ('feature' in warning ? warning.feature : warning.type)),
    ['seed', 'other', 'other', 'other'],
  )
})

test('a size goes to inputs for its sides, or as a text, or is a warning', async () => {
  const run = async (more: object, call: object) => {
    const { warnings } = await generate({ seed: 1, ...call }, { map: { ...map, ...more } })
    return [studio.seen.at(-1), pluck(warnings as any[], 'feature')]
  }
  const given = { prompt: 'a fox', seed: 1 }
  const size = '640x480'
  const sides = { width: 'width', height: 'height' }
  assert.equal(await run(sides, { size }), [{ ...given, width: 640, height: 480 }, []])
  assert.equal(await run({ size: 'size' }, { size }), [{ ...given, size }, []])
  assert.equal(await run({ ...sides, size: 'size' }, { size }), [
    { ...given, width: 640, height: 480, size },
    [],
  ])
  assert.equal(await run({}, { size, aspectRatio: '16:9' }), [given, ['size', 'aspectRatio']])
  assert.equal(await run({ aspectRatio: 'ratio' }, { aspectRatio: '16:9' }), [
    { ...given, ratio: '16:9' },
    [],
  ])
})

test('images and a mask are uploaded; a list of inputs takes one each', async () => {
  const [cat, dog, mask] = ['cat', 'dog', 'mask'].map((prompt) => paint({ prompt }))
  const edit = async (image: string | readonly string[], prompt: object) => {
    const edited = { text: 'in oil', ...prompt } as never
    await generate({ prompt: edited }, { map: { prompt: 'prompt', image, mask: 'mask' } })
    return studio.seen.at(-1) as Record<string, any>
  }
  const one = await edit('image', { images: [cat], mask })
  assert.equal([hex(one.image.data), one.image.type, one.image.name], [hex(cat!), 'image/png', 'image.png'])
  assert.is(hex(one.mask.data), hex(mask!))
  const base64 = await edit('image', { images: [Buffer.from(cat!).toString('base64')] })
  assert.is(hex(base64.image.data), hex(cat!))
  const listed = await edit(['image', 'second'], { images: [cat, dog] })
  assert.equal([hex(listed.image.data), hex(listed.second.data)], [hex(cat!), hex(dog!)])
  const many = await edit('many', { images: [cat, dog] })
  assert.equal(pluck(many.many as any[], 'data').map(hex), [hex(cat!), hex(dog!)])
})

test('the address of an image goes on as it is: nothing is fetched here', async () => {
  const address = { images: ['https://example.com/cat.png'] }
  await generate({ prompt: address }, { map: { size: 'prompt', image: 'prompt' } })
  assert.is(studio.seen[0]!.prompt, 'https://example.com/cat.png')
})

test('further inputs by name, which win', async () => {
  const { providerMetadata, warnings } = await generate({
    n: 2,
    providerOptions: { flowscale: { inputs: { steps: 4, seed: 99, prompt: undefined } as never } },
  })
  assert.equal(pluck(providerMetadata.flowscale!.images as any[], 'seed'), [99, 99])
  assert.match(messagesOf(warnings).join(), 'inputs.seed')
  const inputs = { prompt: 'a fox', seed: 99, steps: 4 }
  assert.equal(studio.seen, [inputs, inputs])
})

test('without a map each option goes to the input of its name', async () => {
  const model = studio.v3.imageModel('p4int')
  const { warnings } = await generate({ model, seed: 1, size: '8x9', aspectRatio: '1:1' })
  const [{ size: _, ...inputs } = {}] = studio.seen
  assert.equal(inputs, { prompt: 'a fox', seed: 1, width: 8, height: 9 })
  assert.match(messagesOf(warnings).join(), 'map.aspectRatio')
  await generate({ model })
  const lists = studio.emulator.stats.requests
  await generate({ model, n: 0 }).catch(() => {})
  assert.is(studio.emulator.stats.requests, lists, 'it was listed once')
})

test('the headers of a call go to the list of workflows, too', async () => {
  const seen: string[] = []
  const { v3 } = studio.connect({
    fetch(url, init) {
      const tenant = new Headers(init?.headers).get('x-tenant')
      seen.push(`${new URL(String(url)).pathname.split('/').at(-1)} ${tenant}`)
      return fetch(url, init)
    },
  })
  await generate({ model: v3.image('p4int'), headers: { 'x-tenant': 'ada' } })
  assert.is(seen[0], 'workflows ada')
  assert.match(seen.at(-1)!, /\.png null$/, 'not where files lie')
})

test('an image whose type the server does not say, and whose name has no extension', async () => {
  const { v3 } = studio.connect({
    async fetch(url, init) {
      const response = await fetch(url, init)
      if (/\.png\?/.test(String(url))) {
        return new Response(response.body, { headers: { 'content-type': 'binary/octet-stream' } })
      }
      // The name, and not the link.
      const text = (await response.text()).replace(/\.png"/g, '"')
      return new Response(text, { status: response.status })
    },
  })
  const { images, providerMetadata } = await generate({ model: v3.image('p4int', { map }) })
  assert.is(images.length, 1)
  assert.not.ok((providerMetadata.flowscale!.images[0] as any).filename.includes('.'))
})

test('a provider registry makes models by the id alone', async () => {
  const registry = createProviderRegistry({ flowscale: studio.v3 as never })
  const { images } = await generate({ model: registry.imageModel('flowscale:p4int') })
  assert.is(images.length, 1)
})

test('a typed workflow: the names in a map are checked by the compiler', async () => {
  const typed = defineWorkflow<{ prompt: string; seed?: number }, 'image'>('p4int', ['image'])
  // @ts-expect-error a slip in a name
  studio.v3.image(typed, { map: { prompt: 'promt' } })
  const { images } = await generate({ model: studio.v3.image(typed, { map }) })
  assert.is(images.length, 1)
})

test('many calls by one signal: Node warns of no listeners', async () => {
  const warnings: string[] = []
  const note = ({ name }: Error) => warnings.push(name)
  process.on('warning', note)
  const { signal: abortSignal } = new AbortController()
  const model = studio.v3.image('p4int', { map })
  await Promise.all(Array.from({ length: 12 }, () => generate({ model, n: 2, abortSignal })))
  await new Promise((resolve) => setImmediate(resolve))
  process.off('warning', note)
  assert.equal(warnings, [])
})

test('AI SDK 7 is told what a map takes', () => {
  const { supportsFileInputs, supportsMaskInputs } = studio.v4.image('p4int', {
    map: { prompt: 'prompt', image: 'image' },
  }) as unknown as Record<string, unknown>
  assert.equal([supportsFileInputs, supportsMaskInputs], [true, false])
})

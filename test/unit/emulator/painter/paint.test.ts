// Each word that steers a picture, painted once: its picture stays as it is, byte for byte.
import { createHash } from 'node:crypto'
import { decode, encode } from 'fast-png'
import { assert, suite } from '#test'
import { type Pace, type PaintRequest, paint } from '../../../../packages/emulator/src/painter/index.ts'
import { look } from '../../../../packages/emulator/src/painter/look.ts'
import { MEANINGS } from '../../../../packages/emulator/src/painter/scene/words.ts'

const test = suite('painter')
const pace: Pace = { totalMs: 0, sleep: () => Promise.resolve(), progress: () => {} }

async function hashOf(request: PaintRequest, at = pace): Promise<string> {
  const { data } = await paint(request, at)
  return createHash('sha256').update(data).digest('hex').slice(0, 12)
}

/** The prompt shows what the tag adds, where its word alone leaves that to chance. */
const tags: Readonly<Record<string, readonly [prompt: string, hash: string]>> = {
  dawn: ['a lake at dawn', '9c6b375dd5cf'],
  dusk: ['a lake at dusk', 'f51007279753'],
  night: ['a lake at night', 'fb6b23aed4d5'],
  day: ['a lake at noon', 'a51525528df9'],
  storm: ['a storm at sea', '2ca3b436dba7'],
  rain: ['rain in the city', '8e25860ee860'],
  fog: ['fog over the forest', 'a983f3a4dca0'],
  cloudy: ['a cloudy meadow', 'e4fc887fa079'],
  snow: ['a snowy village', 'cc13eac5b08d'],
  desert: ['a desert at dusk', 'd320c97f4f86'],
  forest: ['a forest in daylight', 'ad927b2f4225'],
  sea: ['the sea at dawn', 'f74cd8c53c07'],
  lake: ['a green lake at noon', '541eb6f0e6d7'],
  mountain: ['mountains at dawn', 'c1999a78f706'],
  meadow: ['a meadow by day', '683e21550ba4'],
  city: ['a skyline at noon', 'a84336623740'],
  neon: ['neon signs', 'fbee2aa4a694'],
  lighthouse: ['a blue lighthouse at night', '5e672c296dd4'],
  boat: ['a red boat at dawn', '2383e38d6e2d'],
  aurora: ['an aurora', '083e49735261'],
  galaxy: ['a galaxy', '56a368dab31a'],
  planet: ['saturn', '30f0b11987d8'],
  moon: ['the moon over a lake', '3a305f1d4f54'],
  autumn: ['an autumn forest', '1c54a9f91a8f'],
  spring: ['a meadow in bloom', '61441fdff0e7'],
  fox: ['a red fox in the snow', '04d503a1b1d1'],
  cat: ['a cat in the city', '507b66124742'],
  dog: ['a dog on the beach', '93163dad98a4'],
  person: ['a person at night', 'd535aef6a4b2'],
  house: ['a house in the hills at night', 'cff8672c6a8d'],
  castle: ['a castle at dusk', '5ea6ab5c8d7e'],
  balloon: ['a balloon at noon', '857685342da8'],
  birds: ['birds at noon', '1a39303b3256'],
  cactus: ['a cactus', '8f39e11708a7'],
  rainbow: ['a rainbow', 'd9628916ee7f'],
}

test('a picture of each tag', async () => {
  assert.equal(Object.keys(tags), Object.keys(MEANINGS))
  for (const [tag, [prompt, hash]] of Object.entries(tags)) {
    assert.is(await hashOf({ kind: 'scene', prompt, seed: 1, width: 48, height: 32 }), hash, tag)
  }
})

const size = { width: 60, height: 40 }
const source = {
  name: 'waves.png',
  data: encode({ ...size, channels: 4, data: Uint8Array.from({ length: 9600 }, (_, i) => (i * i) % 251) }),
}

const styles: Readonly<Record<string, string>> = {
  'oil paint': 'fa422a1c6534',
  'a watercolour of fog': 'db14996ff001',
  'a pencil sketch': 'f87aaa8a6860',
  'a pastel at dawn': '9caa32d29bc7',
  'in the manner of monet': 'af8f12458788',
  'bold and abstract': '15cda90075e4',
  'a detailed photo': '08fa99ab4744',
  'vivid colours': 'c5d414516dd0',
  'faded, at night': 'fb533c16a01a',
  gold: '95a64aa66c78',
}

test('a picture painted over in each style', async () => {
  for (const [prompt, hash] of Object.entries(styles)) {
    assert.is(await hashOf({ kind: 'repaint', prompt, seed: 1, source }), hash, prompt)
  }
})

const others: readonly [request: PaintRequest, hash: string][] = [
  [{ kind: 'video', prompt: 'a boat', seed: 1, width: 64, height: 32, durationMs: 500 }, '3091596a1007'],
  [{ kind: 'video', prompt: 'a boat', seed: 2, width: 64, height: 32, source }, 'aeb79e0042a6'],
  [{ kind: 'audio', prompt: 'a bell', seed: 1 }, '589880f1d6d5'],
  [{ kind: 'text', prompt: 'rain on the roof', seed: 1, words: 20 }, '9e5e70834f14'],
]

test('a video, a sound and a text', async () => {
  for (const [request, hash] of others) {
    assert.is(await hashOf(request), hash, `${request.kind} of seed ${request.seed}`)
  }
})

const seen: readonly [request: PaintRequest, size: [number, number], count: number][] = [
  [{ kind: 'scene', prompt: 'a boat', seed: 1, width: 600, height: 450 }, [512, 384], 4],
  [{ kind: 'scene', prompt: 'a boat', seed: 1, width: 48, height: 1200 }, [20, 512], 4],
  [{ kind: 'repaint', prompt: 'in oil', seed: 1, source }, [60, 40], 5],
  // Not the whole picture that the view pans over.
  [{ kind: 'video', prompt: 'a boat', seed: 1, width: 64, height: 32, durationMs: 500 }, [64, 32], 5],
  [{ kind: 'video', prompt: 'a boat', seed: 2, width: 64, height: 32, source }, [64, 32], 2],
]

test('previews: what is painted so far, small, and the file stays as it is', async () => {
  for (const [request, size, count] of seen) {
    const previews: Uint8Array[] = []
    const pictures = {
      ...pace,
      totalMs: 3000,
      preview({ data, type }: { data: Uint8Array; type: string }) {
        assert.is(type, 'image/png')
        previews.push(data)
      },
    }
    assert.is(await hashOf(request, pictures), await hashOf(request))
    const name = JSON.stringify({ ...request, source: undefined })
    assert.equal(
      previews.map((data) => decode(data)).map(({ width, height }) => [width, height]),
      Array(count).fill(size),
      name,
    )
    // The paper is seen below the sky, and then not any more.
    const corners = [previews[0]!, previews.at(-1)!].map((data) => [...decode(data).data.slice(-3)])
    const isScene = request.kind !== 'repaint' && !('source' in request)
    assert.equal(
      corners.map((corner) => String(corner) === '224,224,216'),
      [isScene, false],
      name,
    )
    assert.not.equal(previews[0], previews.at(-1), name)
  }
})

test('previews: each is in the limit, and a painting of a moment has one, too', async () => {
  let random = 1
  const noise = (): number => {
    random = (random * 48271) % 2147483647
    return random / 2147483647
  }
  const picture = { w: 600, h: 600, colorAt: () => [noise(), noise(), noise()] as const }
  const { data } = look(picture)
  assert.ok(data.byteLength <= 204_800, `${data.byteLength} bytes`)
  assert.is(decode(data).width, 256)
  let count = 0
  const [[request]] = seen as any
  await hashOf({ ...request, width: 48, height: 32 }, { ...pace, totalMs: 1, preview: () => count++ })
  assert.is(count, 1)
})

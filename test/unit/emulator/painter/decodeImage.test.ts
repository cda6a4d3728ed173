import { encode as encodePng } from 'fast-png'
import { encode } from 'jpeg-js'
import { assert, suite, throws } from '#test'
import { decodeImage, type Picture } from '../../../../packages/emulator/src/painter/decodeImage.ts'
import { shrink } from '../../../../packages/emulator/src/painter/scale.ts'

const test = suite('decodeImage')
const [WIDTH, HEIGHT] = [48, 32]

/** Four flat quarters: black and red above, green and white below. */
function quarters(): Uint8Array {
  const data = new Uint8Array(WIDTH * HEIGHT * 4).fill(255)
  for (let i = 0; i < WIDTH * HEIGHT; i++) {
    const [right, below] = [i % WIDTH >= WIDTH / 2, i >= (WIDTH * HEIGHT) / 2]
    data.set([right ? 255 : 0, below ? 255 : 0, right && below ? 255 : 0], i * 4)
  }
  return data
}

const plain = new Uint8Array(encode({ data: quarters(), width: WIDTH, height: HEIGHT }, 95).data)

/** The colours in the middle of the quarters, row by row. */
function seen({ rgba, width, height }: Picture): string {
  const letters: Record<string, string> = { '000': 'K', '100': 'R', '010': 'G', '111': 'W' }
  const at = (x: number, y: number): string => {
    const i = (Math.floor(y * height) * width + Math.floor(x * width)) * 4
    assert.is(rgba[i + 3], 255)
    return letters[[0, 1, 2].map((k) => Math.round(rgba[i + k]! / 255)).join('')] ?? '?'
  }
  return at(0.25, 0.25) + at(0.75, 0.25) + at(0.25, 0.75) + at(0.75, 0.75)
}

function withExif(orientation: number, little: boolean): Uint8Array {
  const segment = new Uint8Array(46)
  const view = new DataView(segment.buffer)
  segment.set([0xff, 0xe1, 0, 44, ...new TextEncoder().encode('Exif\0\0')])
  const numbers: [at: number, size: 2 | 4, value: number][] = [
    [10, 2, little ? 0x4949 : 0x4d4d],
    [12, 2, 42],
    [14, 4, 8],
    [18, 2, 2],
    // The width comes first.
    [20, 2, 0x0100],
    [22, 2, 3],
    [24, 4, 1],
    [28, 2, 48],
    [32, 2, 0x0112],
    [34, 2, 3],
    [36, 4, 1],
    [40, 2, orientation],
  ]
  for (const [at, size, value] of numbers) {
    if (size === 2) view.setUint16(at, value, little)
    else view.setUint32(at, value, little)
  }
  return Uint8Array.from([...plain.subarray(0, 2), ...segment, ...plain.subarray(2)])
}

test('a JPEG is turned as EXIF says', () => {
  const turned = ['KRGW', 'RKWG', 'WGRK', 'GWKR', 'KGRW', 'GKWR', 'WRGK', 'RWKG']
  for (const [index, letters] of turned.entries()) {
    for (const little of [true, false]) {
      const picture = decodeImage(withExif(index + 1, little), 'x.jpg')
      assert.is(seen(picture), letters, `orientation ${index + 1}`)
      assert.equal([picture.width, picture.height], index < 4 ? [WIDTH, HEIGHT] : [HEIGHT, WIDTH])
    }
  }
  for (const odd of [0, 9, 65535]) assert.is(seen(decodeImage(withExif(odd, true), 'x.jpg')), 'KRGW')
})

type Kind = [channels: number, depth: 1 | 2 | 4 | 8 | 16, size: [number, number], data: number[]]
const greys = (...list: number[]): number[] => list.flatMap((grey) => [grey, grey, grey, 255])

test('a PNG of any kind, with a palette or without', () => {
  const kinds: [...Kind, rgba: number[], palette?: number[][]][] = [
    [1, 8, [2, 1], [10, 20], greys(10, 20)],
    [2, 8, [2, 1], [10, 1, 20, 2], [10, 10, 10, 1, 20, 20, 20, 2]],
    [3, 8, [2, 1], [1, 2, 3, 4, 5, 6], [1, 2, 3, 255, 4, 5, 6, 255]],
    [4, 8, [2, 1], [1, 2, 3, 4, 5, 6, 7, 8], [1, 2, 3, 4, 5, 6, 7, 8]],
    [1, 16, [1, 1], [0x80ff], greys(0x80)],
    [2, 16, [1, 1], [0x80ff, 0x1000], [0x80, 0x80, 0x80, 0x10]],
    [3, 16, [1, 1], [0x0100, 0x02ff, 0xffff], [1, 2, 255, 255]],
    [4, 16, [1, 1], [0x0100, 0x02ff, 0xffff, 0], [1, 2, 255, 0]],
    // Lines that end within a byte.
    [1, 1, [3, 2], [0b10100000, 0b01000000], greys(255, 0, 255, 0, 255, 0)],
    [1, 2, [3, 2], [0b00011000, 0b11100100], greys(0, 85, 170, 255, 170, 85)],
    [1, 4, [3, 2], [0x0f, 0x80, 0x12, 0x30], greys(0, 255, 136, 17, 34, 51)],
    [
      1,
      8,
      [2, 1],
      [1, 0],
      [4, 5, 6, 255, 1, 2, 3, 255],
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
    ],
    [
      1,
      1,
      [2, 1],
      [0b01000000],
      [1, 2, 3, 7, 4, 5, 6, 8],
      [
        [1, 2, 3, 7],
        [4, 5, 6, 8],
      ],
    ],
  ]
  for (const [channels, depth, [width, height], list, rgba, palette] of kinds) {
    const data = depth === 16 ? Uint16Array.from(list) : Uint8Array.from(list)
    const png = encodePng({ width, height, channels, depth, data, ...(palette && { palette }) })
    const what = `${channels} x ${depth}`
    assert.equal(decodeImage(png, 'x.png'), { rgba: Uint8Array.from(rgba), width, height }, what)
  }
})

const grey = encodePng({ width: 1, height: 1, channels: 1, data: Uint8Array.from([9]) })

test('a view into a larger buffer', () => {
  const inLarger = (bytes: Uint8Array): Picture => {
    const larger = new Uint8Array(bytes.length + 20)
    larger.set(bytes, 10)
    return decodeImage(larger.subarray(10, 10 + bytes.length), 'x')
  }
  assert.is(seen(inLarger(plain)), 'KRGW')
  assert.equal([...inLarger(grey).rgba], greys(9))
})

test('what is broken or too large is an error that names the file', () => {
  const change = (bytes: Uint8Array, use: (view: DataView<ArrayBuffer>) => void): Uint8Array => {
    const copy = bytes.slice()
    use(new DataView(copy.buffer))
    return copy
  }
  const frame = plain.findIndex((byte, i) => byte === 0xff && plain[i + 1] === 0xc0)
  for (const bytes of [
    new TextEncoder().encode('GIF89a'),
    new Uint8Array(0),
    plain.slice(0, 4),
    plain.slice(0, frame + 6),
    plain.slice(0, frame + 12),
    plain.slice(0, plain.length - 200),
    change(plain, (view) => view.setUint32(frame + 5, 0xffffffff)),
    grey.slice(0, 8),
    grey.slice(0, grey.length - 20),
    // In the checksum of the pixels, which come before the 12 bytes of the end.
    change(grey, (view) => view.setUint8(grey.length - 13, ~view.getUint8(grey.length - 13))),
    change(grey, (view) => view.setBigUint64(16, 0x1388_0000_1388n)),
  ]) {
    assert.match(throws(() => decodeImage(bytes, 'x.jpg'), Error).message, /^x\.jpg is /)
  }
})

function shrunk(picture: Picture): Picture {
  const steps = shrink(picture)
  for (;;) {
    const step = steps.next()
    if (step.done) return step.value
    assert.ok(step.value > 0 && step.value <= 1)
  }
}

test('shrink takes averages, and what cannot be seen has no say', () => {
  const [width, height] = [2448, 2448]
  const rgba = new Uint8Array(width * height * 4)
  for (let i = 0; i < width * height; i++) {
    const odd = (i + Math.floor(i / width)) % 2
    // Left: black and white squares; right: red ones, and green ones that are transparent.
    if (i % width < width / 2) rgba.set([odd * 255, odd * 255, odd * 255, 255], i * 4)
    else rgba.set(odd ? [255, 0, 0, 255] : [0, 255, 0, 0], i * 4)
  }
  const small = shrunk({ rgba, width, height })
  assert.equal([small.width, small.height], [1224, 1224])
  const at = (x: number, y: number): string =>
    String(small.rgba.subarray((y * 1224 + x) * 4, (y * 1224 + x + 1) * 4))
  assert.equal([at(0, 0), at(600, 1223), at(300, 700)], Array(3).fill('128,128,128,255'))
  assert.equal([at(1223, 0), at(620, 1223), at(900, 700)], Array(3).fill('255,0,0,128'))
})

test('shrink keeps to the limit at any shape, and leaves a picture of 1.5 megapixels alone', () => {
  const small = { rgba: new Uint8Array(1500 * 1000 * 4), width: 1500, height: 1000 }
  assert.is(shrunk(small), small)
  for (const [width, height] of [
    [4096, 4096],
    [3_000_000, 1],
    [1, 3_000_000],
    [1_000_000, 2],
    [3, 700_000],
    [1501, 1000],
  ] as const) {
    const small = shrunk({ rgba: new Uint8Array(width * height * 4).fill(77), width, height })
    const pixels = small.width * small.height
    assert.ok(pixels <= 1_500_000 && pixels >= 500_000, `${small.width} x ${small.height}`)
    assert.is(small.rgba.length, pixels * 4)
    assert.ok(small.rgba.every((value) => value === 77))
  }
})

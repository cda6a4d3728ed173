import { encode } from 'jpeg-js'
import { assert, suite } from '#test'
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

test('a JPEG', () => {
  const picture = decodeImage(plain, 'x.jpg')
  assert.equal([picture.width, picture.height], [WIDTH, HEIGHT])
  assert.is(seen(picture), 'KRGW')
  const larger = new Uint8Array(plain.length + 20)
  larger.set(plain, 10)
  assert.is(seen(decodeImage(larger.subarray(10, 10 + plain.length), 'x.jpg')), 'KRGW')
})

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

test('what is broken is an error that names the file', () => {
  const huge = plain.slice()
  const frame = huge.findIndex((byte, i) => byte === 0xff && huge[i + 1] === 0xc0)
  new DataView(huge.buffer).setUint16(frame + 5, 65_535)
  new DataView(huge.buffer).setUint16(frame + 7, 65_535)
  for (const [bytes, message] of [
    [new TextEncoder().encode('GIF89a'), 'x.jpg is not a PNG or JPEG image'],
    [new Uint8Array(0), 'x.jpg is not a PNG or JPEG image'],
    [plain.slice(0, 4), 'x.jpg is not a readable JPEG image: it has no size'],
    [plain.slice(0, frame + 6), 'x.jpg is not a readable JPEG image: it has no size'],
    [plain.slice(0, frame + 12), 'x.jpg is not a readable JPEG image: '],
    [plain.slice(0, plain.length - 200), 'x.jpg is not a readable JPEG image: '],
    [huge, 'x.jpg is 65535 x 65535 pixels; at most 16777216 pixels are taken'],
  ] as const) {
    assert.throws(
      () => decodeImage(bytes, 'x.jpg'),
      (error: Error) => error.message.startsWith(message),
      message,
    )
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

test('shrink leaves a picture of 1.5 megapixels alone', () => {
  const picture = { rgba: new Uint8Array(1500 * 1000 * 4), width: 1500, height: 1000 }
  assert.is(shrunk(picture), picture)
})

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
  const at = (x: number, y: number): number[] => [
    ...small.rgba.subarray((y * 1224 + x) * 4, (y * 1224 + x + 1) * 4),
  ]
  for (const [x, y] of [
    [0, 0],
    [600, 1223],
    [300, 700],
  ] as const) {
    assert.equal(at(x, y), [128, 128, 128, 255])
  }
  for (const [x, y] of [
    [1223, 0],
    [620, 1223],
    [900, 700],
  ] as const) {
    assert.equal(at(x, y), [255, 0, 0, 128])
  }
})

test('shrink keeps to the limit at any shape', () => {
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

import { encode } from 'fast-png'
import { assert, suite } from '#test'
import { decodeImage } from '../../../../packages/emulator/src/painter/decodeImage.ts'

const test = suite('decodePng')

function pixels(image: Parameters<typeof encode>[0]): number[] {
  const { rgba, width, height } = decodeImage(encode(image), 'x.png')
  assert.equal([width, height], [image.width, image.height])
  return [...rgba]
}

test('8 bits: grey, grey with alpha, RGB, RGBA', () => {
  const of = (channels: number, ...data: number[]): number[] =>
    pixels({ width: 2, height: 1, channels, data: Uint8Array.from(data) })
  assert.equal(of(1, 10, 20), [10, 10, 10, 255, 20, 20, 20, 255])
  assert.equal(of(2, 10, 1, 20, 2), [10, 10, 10, 1, 20, 20, 20, 2])
  assert.equal(of(3, 1, 2, 3, 4, 5, 6), [1, 2, 3, 255, 4, 5, 6, 255])
  assert.equal(of(4, 1, 2, 3, 4, 5, 6, 7, 8), [1, 2, 3, 4, 5, 6, 7, 8])
})

test('16 bits', () => {
  const of = (channels: number, ...data: number[]): number[] =>
    pixels({ width: 1, height: 1, channels, depth: 16, data: Uint16Array.from(data) })
  assert.equal(of(1, 0x80ff), [0x80, 0x80, 0x80, 255])
  assert.equal(of(2, 0x80ff, 0x1000), [0x80, 0x80, 0x80, 0x10])
  assert.equal(of(3, 0x0100, 0x02ff, 0xffff), [1, 2, 255, 255])
  assert.equal(of(4, 0x0100, 0x02ff, 0xffff, 0), [1, 2, 255, 0])
})

test('1, 2 and 4 bits of grey, lines that end within a byte', () => {
  const of = (depth: 1 | 2 | 4, ...data: number[]): number[] =>
    pixels({ width: 3, height: 2, channels: 1, depth, data: Uint8Array.from(data) }).filter(
      (_, i) => i % 4 === 0,
    )
  assert.equal(of(1, 0b10100000, 0b01000000), [255, 0, 255, 0, 255, 0])
  assert.equal(of(2, 0b00011000, 0b11100100), [0, 85, 170, 255, 170, 85])
  assert.equal(of(4, 0x0f, 0x80, 0x12, 0x30), [0, 255, 136, 17, 34, 51])
})

test('palettes, with and without alpha', () => {
  const palette = [
    [1, 2, 3],
    [4, 5, 6],
  ]
  const image = { width: 3, height: 1, channels: 1 }
  assert.equal(
    pixels({ ...image, data: Uint8Array.from([1, 0, 1]), palette }),
    [4, 5, 6, 255, 1, 2, 3, 255, 4, 5, 6, 255],
  )
  const packed = { ...image, depth: 1 as const, data: Uint8Array.from([0b01000000]) }
  const alpha = [
    [1, 2, 3, 7],
    [4, 5, 6, 8],
  ]
  assert.equal(pixels({ ...packed, palette: alpha }), [1, 2, 3, 7, 4, 5, 6, 8, 1, 2, 3, 7])
})

test('a view into a larger buffer', () => {
  const png = encode({ width: 1, height: 1, channels: 1, data: Uint8Array.from([9]) })
  const larger = new Uint8Array(png.length + 20)
  larger.set(png, 10)
  assert.equal([...decodeImage(larger.subarray(10, 10 + png.length), 'x').rgba], [9, 9, 9, 255])
})

test('what is too large is refused before it is decoded', () => {
  const png = encode({ width: 1, height: 1, channels: 1, data: Uint8Array.from([9]) })
  new DataView(png.buffer, png.byteOffset).setUint32(16, 5000)
  new DataView(png.buffer, png.byteOffset).setUint32(20, 5000)
  assert.throws(
    () => decodeImage(png, 'big.png'),
    /^big\.png is 5000 x 5000 pixels; at most 16777216 pixels are taken$/,
  )
})

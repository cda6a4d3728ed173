import { assert, suite } from '#test'
import { paintAudio } from '../../../../packages/emulator/src/painter/audio.ts'

const test = suite('audio')
const RATE = 16_000

function read(file: Uint8Array): Int16Array {
  const view = new DataView(file.buffer)
  const text = (at: number, length: number): string => String.fromCharCode(...file.subarray(at, at + length))
  assert.equal([text(0, 4), text(8, 8), text(36, 4)], ['RIFF', 'WAVEfmt ', 'data'])
  assert.equal([view.getUint32(4, true), view.getUint32(40, true)], [file.length - 8, file.length - 44])
  assert.equal(
    [20, 22, 32, 34].map((at) => view.getUint16(at, true)),
    [1, 1, 2, 16],
  )
  assert.equal(
    [24, 28].map((at) => view.getUint32(at, true)),
    [RATE, RATE * 2],
  )
  return new Int16Array(file.slice(44).buffer)
}

test('a WAV file with tones that can be heard, and no click', () => {
  const samples = read(paintAudio({ prompt: 'a bell', seed: 1 }))
  assert.is(samples.length, RATE)
  for (let quarter = 0; quarter < 4; quarter++) {
    const tone = samples.subarray((quarter * RATE) / 4, ((quarter + 1) * RATE) / 4)
    const loudest = Math.max(...tone.map(Math.abs))
    assert.ok(loudest > 8000 && loudest < 32_000, `${loudest}`)
    assert.is(tone[0], 0)
    assert.ok(Math.abs(tone.at(-1)!) < 300, `${tone.at(-1)}`)
  }
})

test('the same prompt and seed give the same bytes, others give others', () => {
  const first = paintAudio({ prompt: 'rain', seed: 1 })
  assert.equal(paintAudio({ prompt: 'rain', seed: 1 }), first)
  assert.not.equal(paintAudio({ prompt: 'rain', seed: 2 }), first)
  assert.not.equal(paintAudio({ prompt: 'snow', seed: 1 }), first)
})

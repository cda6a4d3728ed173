import { between, hashText, makeRandom, pick } from './random.ts'

/** Samples a second: the tones need no more, and the file stays small. */
const RATE = 16_000
const HEADER = 44
/** Samples of a note, a quarter of a second. */
const NOTE = RATE / 4
const COUNT = 4 * NOTE
/** Steps of a pentatonic scale in semitones: any order of them sounds well. */
const SCALE = [0, 2, 4, 7, 9, 12, 14, 16]

/** Text to audio: a few soft tones, as a WAV file of one channel with 16 bits. */
export function paintAudio({ prompt, seed }: { prompt: string; seed: number }): Uint8Array {
  const random = makeRandom(hashText(`${seed}\n${prompt}`))
  const file = new DataView(new ArrayBuffer(HEADER + COUNT * 2))
  writeHeader(file, COUNT * 2)
  const base = between(random, 196, 294)
  for (let from = 0; from < COUNT; from += NOTE) {
    const turn = (2 * Math.PI * base * 2 ** (pick(random, SCALE) / 12)) / RATE
    for (let i = 0; i < NOTE; i++) {
      // From and to silence, or each tone would start and end with a click.
      const loud = Math.min(1, i / 160, (NOTE - i) / 160) * Math.exp((-2 * i) / NOTE)
      const tone = Math.sin(turn * i) + 0.3 * Math.sin(2 * turn * i) + 0.1 * Math.sin(3 * turn * i)
      file.setInt16(HEADER + (from + i) * 2, tone * loud * 20_000, true)
    }
  }
  return new Uint8Array(file.buffer)
}

function writeHeader(file: DataView, bytes: number): void {
  const text = (at: number, ascii: string): void => {
    for (let i = 0; i < ascii.length; i++) file.setUint8(at + i, ascii.charCodeAt(i))
  }
  text(0, 'RIFF')
  file.setUint32(4, HEADER - 8 + bytes, true)
  text(8, 'WAVEfmt ')
  file.setUint32(16, 16, true)
  file.setUint16(20, 1, true) // plain samples
  file.setUint16(22, 1, true) // one channel
  file.setUint32(24, RATE, true)
  file.setUint32(28, RATE * 2, true) // bytes a second
  file.setUint16(32, 2, true) // bytes a sample
  file.setUint16(34, 16, true) // bits a sample
  text(36, 'data')
  file.setUint32(40, bytes, true)
}

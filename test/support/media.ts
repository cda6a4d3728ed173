// Small files of videos, sounds and models, for what no tool makes.

const number = (value: number, little = false): Buffer => {
  const bytes = Buffer.alloc(4)
  little ? bytes.writeUInt32LE(value) : bytes.writeUInt32BE(value)
  return bytes
}

/** A box of an MP4. */
export function box(type: string, data: Buffer = Buffer.alloc(0)): Buffer {
  return Buffer.concat([number(8 + data.length), Buffer.from(type), data])
}

/** The comments of a FLAC or Ogg. */
export function comments(...all: string[]): Buffer {
  const each = all.flatMap((text) => [number(Buffer.byteLength(text), true), Buffer.from(text)])
  return Buffer.concat([number(0, true), number(all.length, true), ...each])
}

/** A FLAC of comments alone. */
export function flac(data: Buffer): Buffer {
  return Buffer.concat([Buffer.from('fLaC'), number(0x84 * 2 ** 24 + data.length), data])
}

/** An Ogg with these packets, in pages of 255 pieces. */
export function ogg(...packets: Buffer[]): Buffer {
  return Buffer.concat(
    packets.flatMap((packet) => {
      const pages: Buffer[] = []
      for (let at = 0; at <= packet.length; at += 255 * 255) {
        const data = packet.subarray(at, at + 255 * 255)
        const isLast = at + data.length === packet.length && data.length < 255 * 255
        const lengths = Buffer.alloc(Math.floor(data.length / 255) + Number(isLast), 255)
        if (isLast) lengths[lengths.length - 1] = data.length % 255
        const head = Buffer.alloc(27)
        head.write('OggS')
        head[26] = lengths.length
        pages.push(head, lengths, data)
      }
      return pages
    }),
  )
}

/** An element of a WebM, with a size of 5 bytes. */
export function element(id: string, data: Buffer): Buffer {
  return Buffer.concat([Buffer.from(id, 'hex'), Buffer.from([8]), number(data.length), data])
}

/** A GLB without a model. */
export function glb(asset: object): Buffer {
  const json = Buffer.from(JSON.stringify({ asset }))
  return Buffer.concat([
    Buffer.from('glTF'),
    Buffer.alloc(8),
    number(json.length, true),
    Buffer.from('JSON'),
    json,
  ])
}

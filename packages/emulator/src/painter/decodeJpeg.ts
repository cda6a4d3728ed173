import { decode } from 'jpeg-js'
import { checkSize, type Picture } from './checkSize.ts'
import { readJpegHeader } from './readJpegHeader.ts'
import { turn } from './turn.ts'

/** Decodes a JPEG, baseline or progressive, the right way up; every fault is an error that names the file. */
export function decodeJpeg(data: Uint8Array, name: string): Picture {
  const header = readJpegHeader(data)
  checkSize(header.width, header.height, 'JPEG', name)
  try {
    const limits = { maxResolutionInMP: 100, maxMemoryUsageInMB: 1024 }
    const { data: rgba, width, height } = decode(data, { useTArray: true, ...limits })
    return turn({ rgba, width, height }, header.orientation)
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    throw new Error(`${name} is not a readable JPEG image: ${message}`, { cause: error })
  }
}

import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
/** Collects garbage. */
export const collect = runInNewContext('gc') as () => void

/** The bytes of the heap and of buffers that this process holds, without garbage. */
export function heldBytes(): number {
  collect()
  const { arrayBuffers, heapUsed } = process.memoryUsage()
  return arrayBuffers + heapUsed
}

import type { Fault } from './fault.ts'

export type SocketFault =
  | 'socket-silent'
  | 'socket-closed'
  | 'frame-duplicate'
  | 'frame-late'
  | 'frame-reordered'
  | 'frame-malformed'
  | 'frame-giant'

export const socketFaults: Record<SocketFault, Fault> = {
  'socket-silent': {
    text: 'the connection opens and stays open, and nothing comes, not even a pong',
    operations: ['connect'],
  },
  'socket-closed': { text: 'the connection opens and is closed at once (1011)', operations: ['connect'] },
  'frame-duplicate': { text: 'the message comes twice', operations: ['message'] },
  'frame-late': { text: 'the message comes a second later', operations: ['message'] },
  'frame-reordered': {
    text: 'the message comes after the next one, or after a second where there is none',
    operations: ['message'],
  },
  'frame-malformed': { text: 'half of the JSON comes', operations: ['message'] },
  'frame-giant': { text: 'the message comes with 1 MiB of padding', operations: ['message'] },
}

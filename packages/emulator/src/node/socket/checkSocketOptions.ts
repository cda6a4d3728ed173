/** Faults of the WebSocket, for tests. Read at each use: change the object while the server runs. */
export interface SocketOptions {
  /** Answers every handshake with this HTTP status, whatever its key */
  refuse?: number | undefined
  /** Destroys a connection once it has been sent so many messages; 0: right after its handshake */
  drop?: number | undefined
  /** Sends nothing at all: messages are lost, pings get no pong, and connections stay open */
  silent?: boolean | undefined
  /** Sends each message so much later; `speed` has no part in it */
  delayMs?: number | undefined
  /** Sends each message twice */
  duplicate?: boolean | undefined
}

const KNOWN = ['refuse', 'drop', 'silent', 'delayMs', 'duplicate']
const LONGEST_TIMER = 2 ** 31 - 1

export function checkSocketOptions(socket: SocketOptions): void {
  if (typeof socket !== 'object' || socket === null) {
    throw new TypeError(`serve: option "socket" must be an object, got ${String(socket)}`)
  }
  for (const name of Object.keys(socket)) {
    if (KNOWN.includes(name)) continue
    throw new TypeError(`serve: unknown option "socket.${name}"; the known options are ${KNOWN.join(', ')}`)
  }
  const { refuse = 400, drop = 0, silent = false, delayMs = 0, duplicate = false } = socket
  expect(isWhole(refuse, 300, 599), 'refuse', 'an HTTP status from 300 to 599', refuse)
  expect(isWhole(drop, 0, Number.MAX_SAFE_INTEGER), 'drop', 'a whole number', drop)
  expect(typeof silent === 'boolean', 'silent', 'true or false', silent)
  const isDelay = typeof delayMs === 'number' && delayMs >= 0 && delayMs <= LONGEST_TIMER
  expect(isDelay, 'delayMs', `a number from 0 to ${LONGEST_TIMER}`, delayMs)
  expect(typeof duplicate === 'boolean', 'duplicate', 'true or false', duplicate)
}

function isWhole(value: unknown, least: number, most: number): boolean {
  return Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most
}

function expect(ok: boolean, name: string, what: string, got: unknown): void {
  if (!ok) throw new TypeError(`serve: option "socket.${name}" must be ${what}, got ${String(got)}`)
}

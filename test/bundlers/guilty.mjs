// Has each effect that no import may have; shows that trap.mjs sees it.
import { connect } from 'node:net'

setTimeout(() => {}, 1)
setInterval(() => {}, 1).unref()
setImmediate(() => {})
queueMicrotask(() => {})
console.debug('')
if (fetch) void [Headers, FormData, Request, Response, globalThis.crypto, performance, Buffer]
void globalThis.WebSocket
AbortSignal.timeout(1)
Math.random()
Date.now()
process.env.HOME
globalThis.left = 1
Object.prototype.left = 1
process.on('exit', () => {})
connect(1, '127.0.0.1').on('error', () => {})

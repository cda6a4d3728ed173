import { facadeCases } from './facade.ts'
import { faultCases } from './faults.ts'
import { libraryCases } from './library.ts'
import { operationCases } from './operations.ts'
import { proxyCases } from './proxies.ts'
import { socketCases } from './sockets.ts'
import { storeCases } from './store.ts'
import { typedCases } from './typed.ts'
import type { Case } from './types.ts'
import { uploadCases } from './uploads.ts'
import { waitCases } from './waits.ts'

/** Every case, written once for every runtime. */
export const cases: readonly Case[] = [
  ...libraryCases,
  ...operationCases,
  ...uploadCases,
  ...waitCases,
  ...faultCases,
  ...socketCases,
  ...facadeCases,
  ...proxyCases,
  ...typedCases,
  ...storeCases,
]

import type { FaceOptions } from '@flowscale/gateway/face'
import { countOne } from './createLedger.ts'
import type { Pod } from './types.ts'

/** Answers an operation by a fault, or truly. The books say what was really sent from the files. */
export const around = (
  pod: Pod,
  ...[operation, target, { request, filesUrl, perform }]: Parameters<NonNullable<FaceOptions['around']>>
): Promise<Response> =>
  pod.faults.play(operation, target, {
    request,
    filesUrl,
    async perform() {
      const answer = await perform()
      if (operation !== 'downloadOutput') return answer
      const [, , runId = ''] = target.split('/')
      if (answer.status === 200 && request.method === 'GET') countOne(pod.ledger.results, runId)
      // The only reason for one.
      if (answer.status === 400) pod.stats.keysRefusedAtFiles++
      return answer
    },
  })

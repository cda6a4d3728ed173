import type { Run } from '../../../engine.ts'
import { findRun } from './findRun.ts'
import { stopRun } from './stopRun.ts'
import type { Shop } from './types.ts'

/** Cancels a run that has not ended. A run that ends by itself meanwhile has ended. */
export async function cancelRun(
  shop: Shop,
  id: string,
): Promise<{ run: Run; hadEnded: boolean } | undefined> {
  const run = await findRun(shop, id, 0)
  if (!run || run.completedAt !== null) return run && { run, hadEnded: true }
  await shop.records.askCancel(id)
  await stopRun(shop, id)
  const now = (await findRun(shop, id, 0)) ?? run
  return { run: now, hadEnded: now.completedAt !== null && now.status !== 'cancelled' }
}

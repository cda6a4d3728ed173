// Answers an operator's probes and the requests for figures.
import { json } from '../answers.ts'
import type { ApiRequest, Operator } from '../types.ts'

export const checkAlive = (): Response => json(200, { status: 'alive' })

export async function checkReady({ api }: ApiRequest): Promise<Response> {
  const reasons = await api.operator!.reasons()
  return reasons.length === 0
    ? json(200, { status: 'ready' })
    : json(503, { status: 'not ready', reasons }, { 'retry-after': '5' })
}

export const getMetrics = ({ api }: ApiRequest): Promise<Response> => answerMetrics(api.operator!)

export async function answerMetrics(figures: Pick<Operator, 'metrics'>): Promise<Response> {
  const headers = { 'content-type': 'text/plain; version=0.0.4; charset=utf-8', 'cache-control': 'no-store' }
  return new Response(await figures.metrics(), { headers })
}

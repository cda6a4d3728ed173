// app/api/flowscale/[...path]/route.ts of a Next.js app with the App Router: passes on what nextjs-component.tsx asks,
// and nothing else, with the key, which never leaves the server. Put FLOWSCALE_API_URL and FLOWSCALE_API_KEY in .env.local.
const baseUrl = process.env.FLOWSCALE_API_URL || 'http://127.0.0.1:4188'
const apiKey = process.env.FLOWSCALE_API_KEY || 'fsk_local_demo_key'

/** The workflows that visitors may run. */
const workflows = ['bncu0a1kipv']

const allowed: [method: string, path: RegExp][] = [
  ['POST', /^api\/v1\/runs$/],
  ['POST', /^api\/v1\/runs\/[\w-]+\/cancel$/],
  ['GET', /^api\/v1\/runs\/[\w-]+$/], // a run, and runs/output
]

async function passOn(request: Request, { params }: { params: Promise<{ path: string[] }> }) {
  const { method } = request
  const path = (await params).path.join('/')
  const { search, searchParams } = new URL(request.url)
  const workflow = searchParams.getAll('workflow_id').join()
  const fits = allowed.some(([verb, pattern]) => verb === method && pattern.test(path))
  // Whether this visitor may run anything at all is for your own sign-in to say, here.
  if (!fits || (path === 'api/v1/runs' && !workflows.includes(workflow)))
    return Response.json({ detail: 'Not allowed' }, { status: 403 })

  const type = request.headers.get('content-type')
  const answer = await fetch(`${baseUrl.replace(/\/+$/, '')}/${path}${search}`, {
    method,
    headers: { 'X-API-KEY': apiKey, ...(type && { 'content-type': type }) },
    redirect: 'manual', // the key goes nowhere else
    // A submission that a visitor no longer waits for is still sent: it may have started a run.
    ...(method === 'GET' ? { signal: request.signal } : { body: await request.arrayBuffer() }),
  }).catch(() => undefined)
  if (!answer) return Response.json({ detail: 'FlowScale could not be reached' }, { status: 502 })

  const headers = new Headers({ 'cache-control': 'no-store' })
  for (const name of ['content-type', 'retry-after', 'x-request-id']) {
    const value = answer.headers.get(name)
    if (value) headers.set(name, value)
  }
  return new Response(answer.body, { status: answer.status, headers })
}

export { passOn as GET, passOn as POST }

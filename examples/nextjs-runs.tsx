'use client'
// A page that lists all runs of its visitor: app/runs/page.tsx of the app in docs/in-a-page.md.

import { createClient, getRuns, type Run, type RunOutput } from '@flowscale/client'
import { useOutputUrl } from '@flowscale/client/react'
import { useEffect, useState } from 'react'

const client = createClient({ baseUrl: '/api/flowscale' })

function Picture({ filename = '', url }: RunOutput) {
  return <img {...useOutputUrl(client, { filename, download_url: url ?? null })} alt={filename} />
}

export default function Runs() {
  const [runs, setRuns] = useState<Run[]>([])
  const [error, setError] = useState<unknown>()
  useEffect(() => {
    getRuns(client, { sortBy: 'created_at', sortOrder: 'desc', pageSize: 20 }).then(
      ({ data }) => setRuns(data.runs),
      setError,
    )
  }, [])

  return (
    <ul>
      {error !== undefined && <li role="alert">{String(error)}</li>}
      {runs.map((run) => (
        <li key={run._id}>
          {run.status} {run.created_at}
          {run.outputs.map((output) => (
            <Picture key={output.filename} {...output} />
          ))}
        </li>
      ))}
    </ul>
  )
}

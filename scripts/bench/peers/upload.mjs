// The peers that can be pointed at a local URL, each sending a file as its users would: `upload.mjs PEER URL FILE`.
import { measure } from '../../upload/measure.mjs'
import { createPeers } from './requests.mjs'

const [, , peer, url, file] = process.argv
let blob
const form = () => {
  const form = new FormData()
  form.append('file', blob, 'large.bin')
  return form
}
const peers = await createPeers({ url, path: '/runs?workflow_id=upload', key: 'fsk_bench_0123456789', form })
await measure(async (data) => {
  blob = data
  return (await peers[peer]()).data.bytes
}, file)

// A real S3: Ceph's, with all that it needs on one machine, in memory. Its own small store (`dbstore`) gives wrong bytes
// for ranges and for files of several parts.
import { execFile, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { AwsClient } from 'aws4fetch'
import { CANARY } from './canary.ts'
import { freePort } from './listen.ts'
import { until } from './until.ts'

const ID = 'flowscale-tests'
const GUEST = 'flowscale-guest'
/** A day of a lifecycle rule takes so long. */
const DAY_S = 2

export interface S3 {
  readonly endpoint: string
  readonly keys: { readonly accessKeyId: string; readonly secretAccessKey: string }
  /** Of a user who may do nothing but what the policy of a bucket says. */
  readonly guestKeys: S3['keys']
  /** For the command of the gateway. */
  readonly env: Readonly<Record<string, string>>
  /** A new bucket. */
  makeBucket(name?: string): Promise<Bucket>
  stop(): Promise<void>
}

export interface Bucket {
  readonly name: string
  /** Sends a request of its owner, such as `('GET', '?uploads')`. */
  send(method: string, path: string, body?: string): Promise<Response>
  /** The keys of its files. */
  keys(): Promise<string[]>
  /** The keys of the uploads that have not ended. */
  uploads(): Promise<string[]>
}

/** Starts an S3, which takes a second or two. */
export async function startS3(): Promise<S3> {
  const folder = mkdtempSync(join(tmpdir(), 'flowscale-s3-'))
  const [monPort, port] = [await freePort(), await freePort()]
  const path = (name: string): string => join(folder, name)
  const config = path('ceph.conf')
  const id = crypto.randomUUID()
  writeFileSync(
    config,
    `[global]
    fsid = ${id}
    mon_host = v2:127.0.0.1:${monPort}
    public_addr = 127.0.0.1
    cluster_addr = 127.0.0.1
    keyring = ${path('keyring')}
    run_dir = ${folder}
    mon_data = ${path('mon')}
    osd_data = ${path('osd')}
    rgw_data = ${folder}
    admin_socket =
    pid_file =
    log_file = ${path('$name.log')}
    paxos_propose_interval = 0.05
    mon_data_avail_crit = 1
    mon_allow_pool_size_one = true
    mon_max_pg_per_osd = 1000
    osd_pool_default_size = 1
    osd_pool_default_min_size = 1
    osd_pool_default_pg_num = 1
    osd_pool_default_pgp_num = 1
    osd_pool_default_pg_autoscale_mode = off
    osd_crush_chooseleaf_type = 0
    osd_objectstore = memstore
    memstore_device_bytes = 4294967296
    osd_class_dir = /usr/lib/x86_64-linux-gnu/rados-classes
    rgw_rados_pool_pg_num_min = 1
    rgw_run_sync_thread = false
    rgw_lc_debug_interval = ${DAY_S}
    rgw_frontends = beast endpoint=127.0.0.1:${port}\n`.replaceAll(/^ +/gm, ''),
  )
  const run = async (command: string, ...args: string[]) =>
    void (await promisify(execFile)(command, args, { timeout: 60_000 }))
  const stops: (() => Promise<unknown>)[] = [async () => rmSync(folder, { recursive: true })]
  const serve = (command: string, ...args: string[]): void => {
    const child = spawn(command, ['-c', config, '-f', ...args], { stdio: 'ignore' })
    const ended = once(child, 'exit')
    const kill = () => void child.kill('SIGKILL')
    process.once('exit', kill)
    stops.unshift(() => {
      kill()
      process.off('exit', kill)
      return ended
    })
  }
  const stop = async (): Promise<void> => {
    for (const end of stops.splice(0)) await end()
  }
  try {
    mkdirSync(path('mon'))
    mkdirSync(path('osd'))
    const addKey = (name: string, ...more: string[]) =>
      run('ceph-authtool', path('keyring'), ...more, '--gen-key', '-n', name, '--cap', 'mon', 'allow *')
    await addKey('mon.', '--create-keyring')
    for (const name of ['client.admin', 'osd.0']) await addKey(name, '--cap', 'osd', 'allow *')
    const monMap = path('monmap')
    await run('monmaptool', '--create', '--fsid', id, '--addv', 'a', `[v2:127.0.0.1:${monPort}]`, monMap)
    await run('ceph-mon', '-c', config, '--mkfs', '-i', 'a', '--monmap', monMap, '--keyring', path('keyring'))
    serve('ceph-mon', '-i', 'a')
    const osd = crypto.randomUUID()
    await run('ceph', '-c', config, 'osd', 'new', osd, '0')
    await run('ceph-osd', '-c', config, '-i', '0', '--mkfs', '--osd-uuid', osd)
    serve('ceph-osd', '-i', '0')
    for (const id of [ID, GUEST]) {
      const user = [`--uid=${id}`, `--display-name=${id}`, `--access-key=${id}`, `--secret-key=${CANARY}`]
      await run('radosgw-admin', '-c', config, 'user', 'create', ...user)
    }
    serve('radosgw', '-n', 'client.admin')
    const endpoint = `http://127.0.0.1:${port}`
    await until(() =>
      fetch(endpoint).then(
        () => true,
        () => false,
      ),
    )
    return {
      endpoint,
      keys: { accessKeyId: ID, secretAccessKey: CANARY },
      guestKeys: { accessKeyId: GUEST, secretAccessKey: CANARY },
      env: { AWS_ENDPOINT_URL_S3: endpoint, AWS_ACCESS_KEY_ID: ID, AWS_SECRET_ACCESS_KEY: CANARY },
      makeBucket: (name) => makeBucket(endpoint, name),
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

async function makeBucket(endpoint: string, name = `bucket-${crypto.randomUUID()}`): Promise<Bucket> {
  const client = new AwsClient({ accessKeyId: ID, secretAccessKey: CANARY, service: 's3', retries: 0 })
  const send = async (method: string, path: string, body?: string): Promise<Response> => {
    const md5 = createHash('md5')
      .update(body ?? '')
      .digest('base64')
    const sent = body === undefined ? {} : { body, headers: { 'content-md5': md5 } }
    const response = await client.fetch(`${endpoint}/${name}${path}`, { method, ...sent })
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
    return response
  }
  const keysIn = async (path: string): Promise<string[]> =>
    [...(await (await send('GET', path)).text()).matchAll(/<Key>(.*?)<\/Key>/g)].map(([, key]) => key!)
  await send('PUT', '')
  return { name, send, keys: () => keysIn('?list-type=2'), uploads: () => keysIn('?uploads') }
}

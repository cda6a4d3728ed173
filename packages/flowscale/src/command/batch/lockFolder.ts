import { randomBytes } from 'node:crypto'
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { CommandError } from '../errors.ts'

interface Owner {
  readonly pid: number
  readonly host: string
  /** Machines may have the same name. Empty if the system has no id. */
  readonly machine: string
  /** When the process began, if the system shows it: a pid may later belong to another process. */
  readonly began: string
  readonly token: string
}

/** The time, in ms, that another process may take to write its name into the lock, or to take over the same lock. */
const raceMs = 200

/**
 * Keeps other processes out of a folder. The lock of a killed process is taken over.
 *
 * @returns a function that unlocks the folder
 * @throws a `CommandError` if another process has the lock
 */
export async function lockFolder(folder: string): Promise<() => void> {
  const path = join(folder, 'batch.lock')
  const began = await beganAt(process.pid)
  const machine = await machineId()
  const token = randomBytes(8).toString('hex')
  const own: Owner = { pid: process.pid, host: hostname(), machine, began, token }
  const isOwn = () => readOwner(path)?.token === own.token
  for (let attempt = 1; ; attempt++) {
    try {
      writeFileSync(path, JSON.stringify(own), { flag: 'wx', mode: 0o600 })
      break
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    let owner = readOwner(path)
    if (!owner) {
      await sleep(raceMs)
      owner = readOwner(path)
    }
    if (attempt > 3 || (owner && (await isAlive(owner)))) throw isTaken(folder, path, owner)
    takeAway(path, owner)
  }
  // A process that took over the old lock at the same moment may have removed the new one, too.
  await sleep(raceMs)
  if (!isOwn()) throw isTaken(folder, path, readOwner(path))
  return () => {
    if (isOwn()) rmSync(path, { force: true })
  }
}

/** Removes the lock of `owner`. A lock that another process has written meanwhile is put back. */
function takeAway(path: string, owner: Owner | undefined): void {
  const aside = `${path}.${randomBytes(6).toString('hex')}`
  try {
    renameSync(path, aside)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw error
  }
  if (readOwner(aside)?.token === owner?.token) rmSync(aside)
  else renameSync(aside, path)
}

function readOwner(path: string): Owner | undefined {
  try {
    const owner = JSON.parse(readFileSync(path, 'utf8'))
    return Number.isInteger(owner?.pid) ? owner : undefined
  } catch {
    return undefined
  }
}

async function isAlive({ pid, host, machine, began }: Owner): Promise<boolean> {
  if (host !== hostname() || machine !== (await machineId())) return true
  try {
    process.kill(pid, 0)
  } catch (error) {
    // The process exists, and belongs to another user.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
  return !began || (await beganAt(pid)) === began
}

const machineId = (): Promise<string> => readFile('/etc/machine-id', 'utf8').catch(() => '')

/** When a process began, in ticks since the machine started; empty if the system has no `/proc`. */
async function beganAt(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  // The fields come after the name of the program, which may hold anything.
  const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  // A killed process stays listed, as a zombie, until its parent collects it.
  return state === 'Z' ? 'ended' : (fields[18] ?? '')
}

function isTaken(folder: string, path: string, owner: Owner | undefined): CommandError {
  const who = owner ? `process ${owner.pid} on ${owner.host}` : 'another process'
  return new CommandError(
    'usage',
    `${folder} is in use by ${who}. Wait for it; if there is no such process, remove ${path}.`,
  )
}

import type { Gateway } from '@flowscale/gateway'
import type { Comfy } from '../../comfyui/server/startComfy.ts'

/** An answer, read to its end. */
export interface Answer {
  readonly status: number
  readonly headers: string
  readonly body: string
}

/** What the attacks are aimed at. */
export interface Target {
  readonly comfy: Comfy
  /** What the gateway sent to `/prompt`, in order. */
  readonly prompts: readonly any[]
  readonly key: string
  /** With a key, and one without. */
  readonly gateway: Gateway
  readonly port: number
  readonly openPort: number
  /** With a queue, and workers that dial in by the key and `-of-workers`. */
  readonly workersPort: number
  /** Runs of the gateway that are over, with the name of a file and a link to it. */
  readonly own: readonly { readonly id: string; readonly file: string; readonly link: string }[]
  /** Runs of people at ComfyUI itself: one that is over, and one that goes on. */
  readonly foreign: { readonly over: string; readonly running: string; readonly file: string }
}

export interface Attack {
  readonly what: string
  /** What ComfyUI may see of it. Default: nothing */
  readonly may?: RegExp
  /** Throws where the answer, or what came of it, is wrong. */
  run(target: Target): Promise<Answer>
}

/** What a gateway reads of ComfyUI to look for a run. */
export const READS = /^GET \/(userdata|queue|history\/|system_stats|v2\/userdata|api\/jobs)/

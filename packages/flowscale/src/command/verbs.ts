import type { Flag, VerbEntry } from './types.ts'

const inputsFlag: Flag = {
  form: '--inputs <file>',
  about: 'JSON file (- is stdin); name=value goes before it',
}
const folderFlag: Flag = { form: '-o, --output <dir>', about: 'where the outputs are saved' }
const groupFlag: Flag = { form: '--group <id>', about: 'the group of the run; default: one of its own' }
const timeoutFlag: Flag = {
  form: '--timeout <seconds>',
  about: 'limit of the wait (the run goes on); default: 3600',
}
const cancelFlag: Flag = { form: '--cancel-on-interrupt', about: 'Ctrl-C cancels the run on the server, too' }

/** Every verb, in the order of the help. What a verb needs is loaded when it is called. */
export const verbs: readonly VerbEntry[] = [
  {
    name: 'run',
    summary: 'run a workflow, wait for it, and save its outputs',
    args: '<workflow> [inputs...]',
    flags: [
      inputsFlag,
      folderFlag,
      groupFlag,
      timeoutFlag,
      { form: '--detach', about: 'print the run id, and do not wait' },
      cancelFlag,
    ],
    details:
      'Inputs: name=value, name=@file, name=- for stdin, name=@@text for @text.\n' +
      'Ctrl-C and a time-out leave the run going: "flowscale wait ID" goes on with it.',
    examples: [
      'flowscale run "Text to Image" text_51536="a lighthouse at dusk" -o images',
      'flowscale run a9bc45rt2kpm prompt="in oil" image_input=@photo.png -o images',
    ],
    goesOn: true,
    load: async () => (await import('./verbs/run.ts')).run,
  },
  {
    name: 'wait',
    summary: 'wait for runs that were submitted before, and save their outputs',
    args: '<runs...>',
    flags: [folderFlag, timeoutFlag, cancelFlag],
    examples: ['flowscale wait 808f34d0 -o images', 'flowscale wait 808f34d0 5c1e77aa --timeout 3600'],
    goesOn: true,
    load: async () => (await import('./verbs/wait.ts')).wait,
  },
  {
    name: 'batch',
    summary: 'run a workflow on each row of a file; started again, it goes on',
    args: '<workflow> <rows>',
    flags: [
      { form: '-o, --output <dir>', about: 'where outputs, results and state are kept' },
      { form: '--concurrency <n>', about: 'submissions at a time; default: 4' },
      { form: '--retry-failed', about: 'run failed rows anew, and pay for them again' },
      { form: '--timeout <seconds>', about: 'how long to wait for all; default: no limit' },
    ],
    details: 'Rows are CSV, whose header names the inputs, or JSON, an object a line.',
    examples: [
      'flowscale batch "Text to Image" prompts.csv -o images',
      'flowscale batch bncu0a1kipv prompts.jsonl -o images --json',
    ],
    goesOn: true,
    load: async () => (await import('./verbs/batch.ts')).batch,
  },
  {
    name: 'download',
    summary: 'save the outputs of runs, or outputs by name',
    args: '<ids...>',
    flags: [folderFlag],
    examples: [
      'flowscale download 808f34d0 -o images',
      'flowscale download filename_prefix_58358_5WWF7GQUYF.png',
    ],
    goesOn: true,
    load: async () => (await import('./verbs/download.ts')).download,
  },
  {
    name: 'get',
    summary: 'the state of a run',
    args: '<run>',
    examples: ['flowscale get 808f34d0', 'flowscale get 808f34d0 --json | jq .status'],
    load: async () => (await import('./verbs/get.ts')).get,
  },
  {
    name: 'runs',
    summary: 'the latest runs',
    flags: [
      { form: '--group <id>', about: 'those of a group only' },
      { form: '--limit <n>', about: 'how many at most; default: 20' },
    ],
    examples: ['flowscale runs', 'flowscale runs --group user-ada --limit 100'],
    load: async () => (await import('./verbs/runs.ts')).runs,
  },
  {
    name: 'cancel',
    summary: 'cancel runs that are queued or running',
    args: '<runs...>',
    examples: ['flowscale cancel 808f34d0', 'flowscale cancel 808f34d0 5c1e77aa --json'],
    goesOn: true,
    load: async () => (await import('./verbs/cancel.ts')).cancel,
  },
  {
    name: 'queue',
    summary: 'which runs each container works on, and which wait',
    examples: ['flowscale queue', 'flowscale queue --json'],
    load: async () => (await import('./verbs/queue.ts')).queue,
  },
  {
    name: 'health',
    summary: 'the containers, and what they do',
    examples: ['flowscale health', 'flowscale health --url http://127.0.0.1:4188 --json'],
    load: async () => (await import('./verbs/health.ts')).health,
  },
  {
    name: 'workflows',
    summary: 'the deployed workflows, with their inputs',
    args: '[workflow]',
    examples: ['flowscale workflows', 'flowscale workflows "Text to Image"'],
    load: async () => (await import('./verbs/workflows.ts')).workflows,
  },
  {
    name: 'pull',
    summary: 'write the workflows as typed functions',
    args: '[workflows...]',
    flags: [
      { form: '--out <file>', about: 'the file to write; default: src/workflows.ts' },
      { form: '--check', about: 'write nothing, and fail where the file is not up to date' },
    ],
    details:
      'A file that pull did not write is left alone.\n--json prints the workflows, and writes nothing.',
    examples: ['flowscale pull', 'flowscale pull "Text to Image" --out src/flowscale.ts --check'],
    goesOn: true,
    load: async () => (await import('./verbs/pull.ts')).pull,
  },
  {
    name: 'completion',
    summary: 'print the completion for a shell',
    args: '<shell>',
    examples: ['source <(flowscale completion bash)', 'flowscale completion bash >> ~/.bashrc'],
    isLocal: true,
    load: async () => (await import('./verbs/completion.ts')).completionOf(verbs),
  },
]

import type { Flag, VerbEntry } from './types.ts'

const inputsFlag: Flag = {
  form: '--inputs <file>',
  about: 'JSON file (- is stdin); name=value overrides it',
}
const folderFlag: Flag = { form: '-o, --output <dir>', about: 'the folder for the outputs' }
const groupFlag: Flag = { form: '--group <id>', about: 'the group of the run; default: a new group' }
const timeoutFlag: Flag = {
  form: '--timeout <seconds>',
  about: 'limit of the wait; the run goes on; default: 3600',
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
      'After Ctrl-C or a time-out the run goes on: "flowscale wait ID" waits for it.',
    examples: [
      'flowscale run "Text to Image" text_51536="a lighthouse at dusk" -o images',
      'flowscale run a9bc45rt2kpm prompt="in oil" image_input=@cat.png -o images',
    ],
    goesOn: true,
    load: async () => (await import('./verbs/run.ts')).run,
  },
  {
    name: 'wait',
    summary: 'wait for submitted runs, and save their outputs',
    args: '<runs...>',
    flags: [folderFlag, timeoutFlag, cancelFlag],
    examples: ['flowscale wait 808f34d0 -o images', 'flowscale wait 808f34d0 5c1e77aa --timeout 3600'],
    goesOn: true,
    load: async () => (await import('./verbs/wait.ts')).wait,
  },
  {
    name: 'batch',
    summary: 'run a workflow on each row of a file; start it again to continue',
    args: '<workflow> <rows>',
    flags: [
      { form: '-o, --output <dir>', about: 'the folder for outputs, results and state' },
      { form: '--concurrency <n>', about: 'submissions at a time; default: 4' },
      { form: '--retry-failed', about: 'run failed rows again, and pay for them again' },
      { form: '--timeout <seconds>', about: 'limit of the whole batch; default: no limit' },
    ],
    details: 'The rows are CSV with a header of input names, or JSON with one object on each line.',
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
    summary: 'show the state of a run',
    args: '<run>',
    examples: ['flowscale get 808f34d0', 'flowscale get 808f34d0 --json | jq .status'],
    load: async () => (await import('./verbs/get.ts')).get,
  },
  {
    name: 'runs',
    summary: 'list the latest runs',
    flags: [
      { form: '--group <id>', about: 'only the runs of this group' },
      { form: '--limit <n>', about: 'the most runs to list; default: 20' },
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
    summary: 'list the running and waiting runs of each container',
    examples: ['flowscale queue', 'flowscale queue --json'],
    load: async () => (await import('./verbs/queue.ts')).queue,
  },
  {
    name: 'health',
    summary: 'show the state of the containers',
    examples: ['flowscale health', 'flowscale health --url http://127.0.0.1:4188 --json'],
    load: async () => (await import('./verbs/health.ts')).health,
  },
  {
    name: 'workflows',
    summary: 'list the deployed workflows and their inputs',
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
      { form: '--check', about: 'write nothing, and fail if the file is out of date' },
    ],
    details: 'pull overwrites only files that it wrote.\n--json prints the workflows and writes no file.',
    examples: ['flowscale pull', 'flowscale pull "Text to Image" --out src/flowscale.ts --check'],
    goesOn: true,
    load: async () => (await import('./verbs/pull.ts')).pull,
  },
  {
    name: 'completion',
    summary: 'print the completion script of a shell',
    args: '<shell>',
    examples: ['source <(flowscale completion bash)', 'flowscale completion bash >> ~/.bashrc'],
    isLocal: true,
    load: async () => (await import('./verbs/completion.ts')).completionOf(verbs),
  },
]

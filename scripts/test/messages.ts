// `test/unit/<package>/messages.txt` lists by code what errors say, each message once, with placeholders for its values.
// Cases assert class, code and fields, so that a better sentence changes one line:
//
//   ERR_FLOWSCALE_RUN
//     Run … failed: …
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import type { Outcome, Said } from './runFile.ts'

/** By code, the messages. */
type List = Map<string, Set<string>>

type Replace = (text: string, kept?: string) => string
const placeholders: [value: RegExp, placeholder: string | Replace][] = [
  [/\n/g, '\\n'],
  [new RegExp(`${tmpdir()}|FOLDER`, 'g'), '…'],
  // What a server or the runtime said.
  [
    /( answered \d+| without a result| got no answer| was refused|[Cc]an't be (sent|read)| (failed|refused|cancell?ed|timed_out|converted)): .*$/,
    '$1: …',
  ],
  [/\b(https?|wss?):\/\/[^\s"'),;]+/g, '…'],
  // The name of an option stays.
  [/(\b(?:option|argument|key) )?"[^"]*"/g, (text, kept) => (kept ? text : '"…"')],
  [/^inputs\.\S+( \(\w*\))?|^body\.\w+/, 'inputs.…'],
  [/(?<=\b(known: |must be one of |node (?=\d)|be sent as |Unknown option ))[\w:]+(,[\w:]+)*/g, '…'],
  [/^(Run|Output) \S+/, '$1 …'],
  [/\b[\da-f]{8}-[\da-f-]{27}\b/g, '…'],
  [/(?<!\w)\d+(\.\d+)*/g, 'N'],
]
const toPattern = ({ text }: Said): string =>
  Buffer.from(
    placeholders.reduce((plain, [value, placeholder]) => plain.replace(value, placeholder as Replace), text),
  ).toString()

function read(path: string): List {
  const list: List = new Map()
  if (!existsSync(path)) return list
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    if (line.startsWith('  ')) [...list.values()].at(-1)!.add(line.slice(2))
    else if (line) list.set(line, new Set())
  }
  return list
}

const pathOf = (test: string): string | undefined => {
  const [folder] = /^test\/unit\/[^/]+(?=\/)/.exec(test) ?? []
  return folder && `${folder}/messages.txt`
}

/** Fails each case that said a message which the list does not have. */
export function checkMessages({ name, said, failures }: Outcome): Outcome['failures'] {
  const path = pathOf(name)
  if (!path) return []
  const list = read(path)
  return [...said].flatMap(([place, all]) => {
    const odd = all.filter((one) => !list.get(one.code)?.has(toPattern(one)))
    if (!odd.length || failures.some((failure) => failure.place === place)) return []
    const message = `${path} does not have its messages. If these are right: npm test -- ${name} --messages`
    return [
      {
        place,
        message,
        details: [...new Set(odd.map((one) => `+ ${one.code}\n+   ${toPattern(one)}`))].join('\n'),
      },
    ]
  })
}

/** Adds what the tests said to the lists; `isWhole`: all tests ran, and the lists hold nothing else. */
export function writeMessages(outcomes: readonly Outcome[], isWhole: boolean): void {
  const lists = new Map<string, List>()
  for (const { name, said } of outcomes) {
    const path = pathOf(name)
    if (!path || !said.size) continue
    const list = lists.get(path) ?? (isWhole ? new Map() : read(path))
    lists.set(path, list)
    for (const one of [...said.values()].flat())
      list.set(one.code, (list.get(one.code) ?? new Set()).add(toPattern(one)))
  }
  for (const [path, list] of lists) {
    const lines = [...list]
      .sort()
      .flatMap(([code, texts]) => [code, ...[...texts].sort().map((text) => `  ${text}`)])
    writeFileSync(path, `${lines.join('\n')}\n`)
  }
}

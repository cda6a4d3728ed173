import type { Client, RequestOptions } from '@flowscale/client'
import type { Command, Option } from 'commander'
import { type Call, createProgram, isLocal } from '../program.ts'
import { clean } from '../terminal/printer.ts'

/** The longest time that Tab waits for a server, in ms. */
const serverMs = 2000
const mostRuns = 20

export async function completion({ args: [shell = ''], print }: Call): Promise<void> {
  const script = scripts[shell]!
  print.result({ shell, script }, script)
}

/**
 * Called by the scripts, with the words of the command line up to the one that is being written. The first line says what
 * fits: `words`, which follow with what they mean, or `files` or `dirs`, and what stands before their names.
 */
export async function complete({ args, signal }: Call): Promise<void> {
  const { kind, before = '', words = [] } = await whatFits(createProgram(), args, signal)
  const fitting = words.filter(([word]) => word.startsWith(args.at(-1) ?? ''))
  const lines = fitting.map((parts) => parts.map(clean).join('\t'))
  process.stdout.write([`${kind}\t${before}`, ...lines, ''].join('\n'))
}

type Word = readonly [word: string, about: string]

interface Fits {
  readonly kind: 'words' | 'files' | 'dirs'
  readonly before?: string
  readonly words?: readonly Word[]
}

async function whatFits(program: Command, args: readonly string[], signal: AbortSignal): Promise<Fits> {
  const current = args.at(-1) ?? ''
  const { verb, given, flags, open } = read(program, args.slice(0, -1))
  if (open) {
    const kind = open.flags.includes('<dir>') ? 'dirs' : open.flags.includes('<file>') ? 'files' : 'words'
    return { kind }
  }
  const verbs = program.createHelp().visibleCommands(program)
  const ofVerbs = verbs.map((each): Word => [each.name(), each.summary()])
  if (!verb) {
    const extra: Word[] = [
      ['help', 'explain a verb'],
      ['version', 'show the version'],
    ]
    const dashed = extra.map(([word, about]): Word => [`--${word}`, about])
    return { kind: 'words', words: current.startsWith('-') ? dashed : [...ofVerbs, ...extra] }
  }
  if (verb === 'help') return { kind: 'words', words: ofVerbs }
  const command = verbs.find((each) => each.name() === verb)
  if (!command) return { kind: 'words' }
  if (current.startsWith('-')) {
    const shared = program.options.filter(({ long }) => !isLocal.has(verb) || long === '--json')
    const words = [...command.options, ...shared].flatMap((option) =>
      namesOf(option).map((name): Word => [name, option.description]),
    )
    return { kind: 'words', words: [...words, ['--help', 'show this help']] }
  }
  const [, before] = /^(.*?=@)/s.exec(current) ?? []
  if (before) return { kind: 'files', before }
  const { registeredArguments } = command
  const last = registeredArguments.at(-1)
  const argument = registeredArguments[given.length] ?? (last?.variadic ? last : undefined)
  if (argument?.name() === 'rows') return { kind: 'files' }
  if (argument?.argChoices) return { kind: 'words', words: argument.argChoices.map((name) => [name, '']) }
  const wordsOf = argument && makers[argument.name()]
  if (!wordsOf) return { kind: 'words' }
  return { kind: 'words', words: await askServer(wordsOf, { verb, given, current, flags, signal }) }
}

/** Reads the whole words: the verb, its arguments, and a flag whose value comes next. */
function read(program: Command, args: readonly string[]) {
  const options = [program, ...program.commands].flatMap((command) => command.options)
  const flags: Record<string, string> = {}
  let verb: string | undefined
  const given: string[] = []
  let open: Option | undefined
  for (const word of args) {
    if (open) {
      flags[open.attributeName()] = word
      open = undefined
    } else if (word.startsWith('-')) {
      const [name, value] = word.split(/=(.*)/s)
      const option = options.find((one) => namesOf(one).includes(name!))
      if (option?.required && value === undefined) open = option
      else if (option && value !== undefined) flags[option.attributeName()] = value
    } else if (verb === undefined) verb = word
    else given.push(word)
  }
  return { verb, given, flags, open }
}

interface Typed {
  readonly verb: string
  /** The arguments before the word. */
  readonly given: readonly string[]
  readonly current: string
  readonly flags: Record<string, string>
  readonly signal: AbortSignal
}

type WordsOf = (client: Client, options: RequestOptions, typed: Typed) => Promise<Word[]>

/** The words that a server knows; none if it does not answer. */
async function askServer(wordsOf: WordsOf, typed: Typed): Promise<Word[]> {
  try {
    const { connect } = await import('../connect.ts')
    const { client } = connect(typed.flags, { note() {} })
    const within = AbortSignal.any([typed.signal, AbortSignal.timeout(serverMs)])
    const words = await wordsOf(client, { signal: within, maxRetries: 0 }, typed)
    // One that begins with a dash would be read as a flag.
    return words.filter(([word]) => word && word === clean(word) && !word.startsWith('-'))
  } catch {
    return []
  }
}

/** The names of workflows, which people know, and their ids. */
const workflowWords: WordsOf = async (client, options) => {
  const { getWorkflows } = await import('@flowscale/client')
  const { data } = await getWorkflows(client, options)
  const isOnce = (name: string) => data.filter((each) => each.name === name).length === 1
  return data.flatMap(({ id, name }): Word[] => [...(isOnce(name) ? [[name, id] as const] : []), [id, name]])
}

/** The names of the inputs that are not given yet, or that take several values. */
const inputWords: WordsOf = async (client, options, { given: [workflow = '', ...inputs], current }) => {
  // The word is a value already.
  if (current.includes('=')) return []
  const [{ getWorkflows }, { pickWorkflow, readSpecs }] = await Promise.all([
    import('@flowscale/client'),
    import('../workflow.ts'),
  ])
  const specs = readSpecs(pickWorkflow(await getWorkflows(client, options), workflow))
  const isOpen = (name: string) => !inputs.some((input) => input.startsWith(`${name}=`))
  return [...specs].flatMap(([name, { kind, array, required, description }]): Word[] => {
    const about = [kind, required === false && 'optional', description].filter(Boolean).join(', ')
    return array || isOpen(name) ? [[`${name}=`, about]] : []
  })
}

/** The ids of the latest runs, with their workflow and text. Only runs that have not ended can be cancelled. */
const runWords: WordsOf = async (client, options, { verb, given }) => {
  const [{ getRuns, isEnded }, { firstText }] = await Promise.all([
    import('@flowscale/client'),
    import('../findRunIds.ts'),
  ])
  const { runs } = (await getRuns(client, { ...options, pageSize: mostRuns })).data
  return runs
    .filter(({ _id, status }) => !given.includes(_id) && !(verb === 'cancel' && isEnded(status)))
    .slice(0, mostRuns)
    .map((run) => [run._id, [run.workflow_id, firstText(run).slice(0, 60)].filter(Boolean).join(': ')])
}

/** Makes the words for an argument, by the argument's name. */
const makers: Readonly<Record<string, WordsOf>> = {
  workflow: workflowWords,
  workflows: workflowWords,
  inputs: inputWords,
  run: runWords,
  runs: runWords,
  ids: runWords,
}

const namesOf = ({ short, long }: Option): string[] => [short, long].filter((name) => name !== undefined)

/** What the shells load. Each asks `__complete` for words, and quotes them: a server may have chosen them. */
const scripts: Readonly<Record<string, string>> = {
  // For the bash 3.2 of macOS, too.
  bash: `# Completion of flowscale for bash: source <(flowscale completion bash)
_flowscale_files() {
  local path last= text=\${cur//\\\\/}
  text=\${text#[\\"\\']}
  while IFS= read -r path; do
    # bash would quote the = and the @ with it.
    [[ \${2-} ]] && [[ -d $path ]] && path+=/
    [[ \${2-} ]] && printf -v path %q "$path"
    COMPREPLY+=("\${2-}$path") last=$path
  done < <(compgen "$1" -- "$text")
  if [[ -z \${2-} ]]; then compopt -o filenames; elif [[ $last == */ ]]; then compopt -o nospace; fi 2>/dev/null
}
_flowscale() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev= at= i word about n=0 words=() abouts=()
  ((COMP_CWORD > 0)) && prev=\${COMP_WORDS[COMP_CWORD - 1]}
  COMPREPLY=()
  # name=@file: bash may have taken it apart, and what it puts in the place of the word then begins with the @.
  [[ \${2-} == @* ]] && at=@
  case $cur in
  =@|@) cur=; _flowscale_files -f $at; return ;;
  *=@*) at=\${cur%%=@*}=@; cur=\${cur#*=@}; _flowscale_files -f "$at"; return ;;
  esac
  case $prev in =@|@) _flowscale_files -f $at; return ;; esac
  # http://host:port was taken apart, too.
  for ((i = 1; i <= COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    if [[ $n -gt 0 && ($word == [:=]* || \${COMP_WORDS[i - 1]} == *[:=]) ]]; then words[n - 1]+=$word
    else words[n]=$word n=$((n + 1)); fi
  done
  local quote=
  [[ $cur == [\\"\\']* ]] && quote=1
  for ((i = 0; i < n; i++)); do word=\${words[i]#[\\"\\']}; word=\${word%[\\"\\']}; words[i]=\${word//\\\\/}; done
  { IFS=$'\\t' read -r word about
    case $word in
    files) _flowscale_files -f ;;
    dirs) _flowscale_files -d ;;
    words)
      while IFS=$'\\t' read -r word about; do
        if [[ -z $quote ]]; then printf -v word %q "$word"; elif [[ $word == *[!A-Za-z0-9\\ ._-]* ]]; then continue; fi
        COMPREPLY+=("$word") abouts+=("$about")
      done
      # A second Tab shows a list, and inserts none of several words.
      if [[ \${COMP_TYPE-} == 63 && \${#COMPREPLY[@]} -gt 1 ]]; then
        for ((i = 0; i < \${#COMPREPLY[@]}; i++)); do COMPREPLY[i]+="  \${abouts[i]}"; done
      fi
      # A value follows the name of an input.
      [[ \${COMPREPLY[0]-} == *= ]] && compopt -o nospace 2>/dev/null ;;
    esac
  } < <("$1" __complete -- "\${words[@]}" 2>/dev/null)
  return 0
}
complete -F _flowscale flowscale
`,
  zsh: `#compdef flowscale
# Completion of flowscale for zsh: source <(flowscale completion zsh), after compinit
_flowscale() {
  local -a lines names texts
  local line
  lines=("\${(@f)$("$words[1]" __complete -- "\${(@Q)words[2,CURRENT-1]}" "\${(Q)PREFIX}" 2>/dev/null)}")
  case $lines[1] in
  files*) compset -P '*=@'; _files ;;
  dirs*) _files -/ ;;
  words*)
    for line in "\${(@)lines[2,-1]}"; do
      names+=("\${line%%$'\\t'*}") texts+=("\${line/$'\\t'/  }")
    done
    # A value follows the name of an input.
    [[ $names[1] == *= ]] && compadd -S '' -l -d texts -a names || compadd -l -d texts -a names ;;
  esac
}
if [[ $funcstack[1] == _flowscale ]]; then _flowscale "$@"; else compdef _flowscale flowscale; fi
`,
  fish: `# Completion of flowscale for fish: flowscale completion fish | source
function __flowscale_complete
  set -l words (commandline -opc)
  set -l command $words[1]
  set -e words[1]
  set -l current (commandline -ct | string unescape)
  set -l lines ($command __complete -- $words "$current" 2>/dev/null)
  set -l kind (string split \\t -- "$lines[1]")
  switch "$kind[1]"
    case files
      for path in (__fish_complete_path (string sub -s (math (string length -- "$kind[2]") + 1) -- "$current"))
        echo "$kind[2]$path"
      end
    case dirs
      __fish_complete_directories "$current" ''
    case words
      printf '%s\\n' $lines[2..-1]
  end
end
complete -c flowscale -f -a '(__flowscale_complete)'
`,
}

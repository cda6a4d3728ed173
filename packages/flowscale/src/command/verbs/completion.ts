import type { Command, Option } from 'commander'
import { type Call, createProgram, isLocal } from '../program.ts'
import { clean } from '../terminal/printer.ts'

/** The longest time that Tab waits for a server, in ms. */
const serverMs = 2000

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
  const { verb, taken, flags, open } = read(program, args.slice(0, -1))
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
  const argument = registeredArguments[taken] ?? (last?.variadic ? last : undefined)
  if (argument?.name() === 'rows') return { kind: 'files' }
  if (argument?.argChoices) return { kind: 'words', words: argument.argChoices.map((name) => [name, '']) }
  if (!/^workflows?$/.test(argument?.name() ?? '')) return { kind: 'words' }
  return { kind: 'words', words: await workflowWords(flags, signal) }
}

/** Reads the whole words: the verb, how many arguments it has, and a flag whose value comes next. */
function read(program: Command, args: readonly string[]) {
  const options = [program, ...program.commands].flatMap((command) => command.options)
  const flags: Record<string, string> = {}
  let verb: string | undefined
  let taken = 0
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
    else taken++
  }
  return { verb, taken, flags, open }
}

/** The names of workflows, which people know, and their ids. Nothing if the server can't be asked. */
async function workflowWords(flags: Record<string, string>, signal: AbortSignal): Promise<Word[]> {
  try {
    const [{ connect }, { getWorkflows }] = await Promise.all([
      import('../connect.ts'),
      import('@flowscale/client'),
    ])
    const { client } = connect(flags, { note() {} })
    const within = AbortSignal.any([signal, AbortSignal.timeout(serverMs)])
    const { data } = await getWorkflows(client, { signal: within, maxRetries: 0 })
    const isOnce = (name: string) => data.filter((each) => each.name === name).length === 1
    const words = data.flatMap(({ id, name }): Word[] => [
      ...(isOnce(name) ? [[name, id] as const] : []),
      [id, name],
    ])
    // One that begins with a dash would be read as a flag.
    return words.filter(([word]) => word && word === clean(word) && !word.startsWith('-'))
  } catch {
    return []
  }
}

const namesOf = ({ short, long }: Option): string[] => [short, long].filter((name) => name !== undefined)

/** What the shells load. Each asks `__complete`, and quotes what it says: a server may have chosen the words. */
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
  local cur=\${COMP_WORDS[COMP_CWORD]} prev= at= i word about n=0 words=()
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
        COMPREPLY+=("$word")
      done ;;
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
    compadd -l -d texts -a names ;;
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

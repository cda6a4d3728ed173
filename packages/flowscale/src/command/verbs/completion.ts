import type { Command, Option } from 'commander'
import { type Call, createProgram, isLocal } from '../program.ts'

export async function completion({ args: [shell], print }: Call): Promise<void> {
  const script = bashCompletion(createProgram())
  print.result({ shell, script }, script)
}

/** The script that bash loads. It asks no server, and runs in the bash 3.2 of macOS. */
function bashCompletion(program: Command): string {
  const names = program.commands.map((verb) => verb.name())
  return `# Completion of flowscale for bash: source <(flowscale completion bash)
_flowscale_words() {
  local word
  for word; do [[ $word == "$cur"* ]] && COMPREPLY+=("$word"); done
}
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
  local cur=\${COMP_WORDS[COMP_CWORD]} prev= verb= at= i
  ((COMP_CWORD > 0)) && prev=\${COMP_WORDS[COMP_CWORD - 1]}
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case \${COMP_WORDS[i]} in
    ${[...names, 'help'].join('|')}) verb=\${COMP_WORDS[i]}; break ;;
    esac
  done
  # name=@file: bash may have taken it apart, and what it puts in the place of the word then begins with the @.
  [[ \${2-} == @* ]] && at=@
  case $cur in
  =@|@) cur=; _flowscale_files -f $at; return ;;
  *=@*) at=\${cur%%=@*}=@; cur=\${cur#*=@}; _flowscale_files -f "$at"; return ;;
  esac
  case $prev in
    =@|@) _flowscale_files -f $at; return ;;
${flagCases(program)}
  esac
  case $verb in
    '') if [[ $cur == -* ]]; then _flowscale_words --help --version; else _flowscale_words ${names.join(' ')} help version; fi ;;
    help) _flowscale_words ${names.join(' ')} ;;
${program.commands.map(verbCase).join('\n')}
  esac
  return 0
}
complete -F _flowscale flowscale
`
}

function flagCases(program: Command): string {
  const flags = [program, ...program.commands].flatMap(({ options }) => options)
  const values = new Map(
    flags
      .filter(({ required }) => required)
      .flatMap((flag) => namesOf(flag).map((name) => [name, offerFor(flag)])),
  )
  return [...values].map(([name, offer]) => `    ${name}) ${offer}; return ;;`).join('\n')
}

/** The command of the script that completes the value of a flag. */
const offerFor = ({ flags }: Option): string =>
  flags.includes('<dir>') ? '_flowscale_files -d' : flags.includes('<file>') ? '_flowscale_files -f' : ':'

function verbCase(verb: Command): string {
  const shared = verb.parent!.options.filter(({ long }) => !isLocal.has(verb.name()) || long === '--json')
  const flags = [...verb.options, ...shared].flatMap(namesOf)
  const argument = verb.registeredArguments.at(-1)
  const rest =
    argument?.name() === 'rows'
      ? '_flowscale_files -f'
      : argument?.argChoices
        ? `_flowscale_words ${argument.argChoices.join(' ')}`
        : ':'
  return `    ${verb.name()}) if [[ $cur == -* ]]; then _flowscale_words ${flags.join(' ')} --help; else ${rest}; fi ;;`
}

const namesOf = ({ short, long }: Option): string[] => [short, long].filter((name) => name !== undefined)

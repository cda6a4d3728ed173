import { flagsOf, namesOf, takesValue } from './flags.ts'
import type { Flag, VerbEntry } from './types.ts'

/** What bash is to offer for the value of a flag. */
const offerFor = ({ form }: Flag): string =>
  form.includes('<dir>') ? 'files -d' : form.includes('<file>') ? 'files -f' : ':'

function flagCases(verbs: readonly VerbEntry[]): string {
  const values = new Map<string, string>()
  for (const flag of verbs.flatMap(flagsOf).filter(takesValue)) {
    for (const name of namesOf(flag)) values.set(name, offerFor(flag).replace('files', '_flowscale_files'))
  }
  return [...values].map(([name, value]) => `    ${name}) ${value}; return ;;`).join('\n')
}

function verbCases(verbs: readonly VerbEntry[]): string {
  return verbs
    .map((entry) => {
      const flags = [...flagsOf(entry).flatMap(namesOf), '--help'].join(' ')
      const rest = /<rows>|<file>/.test(entry.args ?? '')
        ? '_flowscale_files -f'
        : entry.args === '<shell>'
          ? '_flowscale_words bash'
          : ':'
      return `    ${entry.name}) if [[ $cur == -* ]]; then _flowscale_words ${flags}; else ${rest}; fi ;;`
    })
    .join('\n')
}

/** The script that bash loads. It asks no server, and runs in the bash 3.2 of macOS. */
export function bashCompletion(verbs: readonly VerbEntry[]): string {
  const names = verbs.map(({ name }) => name)
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
${flagCases(verbs)}
  esac
  case $verb in
    '') if [[ $cur == -* ]]; then _flowscale_words --help --version; else _flowscale_words ${names.join(' ')} help version; fi ;;
    help) _flowscale_words ${names.join(' ')} ;;
${verbCases(verbs)}
  esac
  return 0
}
complete -F _flowscale flowscale
`
}

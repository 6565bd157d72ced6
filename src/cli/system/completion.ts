import { CliError, command } from "../framework/command.ts";

/** The scripts know nothing: at each key they ask `lighter __complete WORDS…` (complete.ts). */
export const completion = command({
  usage: "bash|zsh|fish",
  args: [1, 1],
  flags: {},
  async run(context, { args: [shell = ""] }) {
    const script = scripts[shell];
    if (script === undefined)
      throw new CliError(`no completion for shell ${JSON.stringify(shell)}: must be one of "bash", "zsh", "fish"`);
    context.stdout.write(script);
  },
});

// The words are taken from the line itself: bash would part them at colons and equal signs.
const bash = `# bash completion for lighter
_lighter() {
  local line=\${COMP_LINE:0:COMP_POINT} words=() out directive current prefix="" candidate
  read -ra words <<<"$line"
  case $line in *[[:space:]]) words+=("") ;; esac
  current=\${words[\${#words[@]}-1]}
  out=$("\${words[0]}" __complete "\${words[@]:1}" 2>/dev/null) || return
  directive=\${out##*:}
  case $current in *[:=]*) prefix=\${current%"\${current##*[:=]}"} ;; esac
  COMPREPLY=()
  while IFS= read -r candidate; do
    candidate=\${candidate%%$'\\t'*}
    case $candidate in "" | ":"[0-9]*) ;; "$current"*) COMPREPLY+=("\${candidate#"$prefix"}") ;; esac
  done <<<"$out"
  if [ "$directive" = 0 ]; then compopt -o default 2>/dev/null; fi
  case \${#COMPREPLY[@]}\${COMPREPLY[0]} in 1*[=:/]) compopt -o nospace 2>/dev/null ;; esac
}
complete -F _lighter lighter
`;

const zsh = `#compdef lighter
_lighter() {
  local -a lines candidates
  local line
  lines=("\${(@f)$("\${words[1]}" __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  for line in "\${(@)lines[1,-2]}"; do
    candidates+=("\${\${line//:/\\\\:}/$'\\t'/:}")
  done
  (( $#candidates )) && _describe -t words lighter candidates
  [[ \${lines[-1]} == ":0" ]] && _files
}
compdef _lighter lighter
`;

const fish = `# fish completion for lighter
function __lighter_ask
  set -l words (commandline -opc)
  set -l current (commandline -ct)
  test -n "$current"; or set current ""
  $words[1] __complete $words[2..-1] "$current" 2>/dev/null
end
function __lighter_wants_files
  test (__lighter_ask)[-1] = ":0"
end
complete -c lighter -f -a '(__lighter_ask | string match -v -r "^:[0-9]+\\$")'
complete -c lighter -F -n __lighter_wants_files
`;

const scripts: Readonly<Record<string, string>> = { bash, zsh, fish };

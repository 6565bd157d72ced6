import { CliError, command } from "../framework/command.ts";
import { groups, topNodes } from "../tree.ts";

export const completion = command({
  usage: "bash|zsh|fish",
  args: [1, 1],
  flags: {},
  async run(context, { args: [shell = ""] }) {
    const script = shells[shell];
    if (!script)
      throw new CliError(`no completion for shell ${JSON.stringify(shell)}: must be one of "bash", "zsh", "fish"`);
    context.stdout.write(script());
  },
});

const shells: Readonly<Record<string, () => string>> = { bash: bashScript, zsh: zshScript, fish: fishScript };

const containerVerbs =
  "attach|commit|diff|exec|export|kill|logs|pause|port|rename|restart|rm|start|stop|top|unpause|wait";
const imageVerbs = "history|rmi|run|save|tag|create";

function topWords(): string {
  return [...groups, ...topNodes()]
    .map(({ name }) => name)
    .toSorted()
    .join(" ");
}

function bashScript(): string {
  const cases = groups.map(
    (group) => `    ${group.name}) words="${(group.children ?? []).map(({ name }) => name).join(" ")}" ;;`,
  );
  return `# bash completion for lighter
_lighter() {
  local current=\${COMP_WORDS[COMP_CWORD]} first="" second="" word words=""
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $word in -*) ;; *) if [ -z "$first" ]; then first=$word; elif [ -z "$second" ]; then second=$word; fi ;; esac
  done
  if [ -z "$first" ]; then
    words="${topWords()}"
  elif [ -z "$second" ]; then
    case $first in
${cases.join("\n")}
    esac
  fi
  if [ -z "$words" ]; then
    case \${second:-$first} in
    ${containerVerbs}) words=$(lighter ps -a --format '{{.Names}}' 2>/dev/null) ;;
    ${imageVerbs}) words=$(lighter images --format '{{.Repository}}:{{.Tag}}' 2>/dev/null) ;;
    esac
    case $first in
    ${containerVerbs}) words=$(lighter ps -a --format '{{.Names}}' 2>/dev/null) ;;
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o bashdefault -o default -F _lighter lighter
`;
}

function zshScript(): string {
  const describe = (nodes: readonly { readonly name: string; readonly summary: string }[]): string =>
    nodes.map(({ name, summary }) => `'${name}:${summary.replaceAll("'", "'\\''")}'`).join(" ");
  const cases = groups.map((group) => `    ${group.name}) commands=(${describe(group.children ?? [])}) ;;`);
  return `#compdef lighter
_lighter() {
  local -a commands
  if (( CURRENT == 2 )); then
    commands=(${describe([...groups, ...topNodes()])})
    _describe command commands
    return
  fi
  if (( CURRENT == 3 )); then
    case $words[2] in
${cases.join("\n")}
    esac
    (( $#commands )) && { _describe command commands; return }
  fi
  case $words[2] in
  ${containerVerbs}) compadd -- \${(f)"$(lighter ps -a --format '{{.Names}}' 2>/dev/null)"} ;;
  ${imageVerbs}) compadd -- \${(f)"$(lighter images --format '{{.Repository}}:{{.Tag}}' 2>/dev/null)"} ;;
  *) _files ;;
  esac
}
compdef _lighter lighter
`;
}

function fishScript(): string {
  const quote = (text: string): string => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
  const lines = [...groups, ...topNodes()].map(
    ({ name, summary }) => `complete -c lighter -f -n __fish_use_subcommand -a ${name} -d ${quote(summary)}`,
  );
  for (const group of groups) {
    const children = (group.children ?? []).map(({ name }) => name).join(" ");
    for (const { name, summary } of group.children ?? []) {
      lines.push(
        `complete -c lighter -f -n '__fish_seen_subcommand_from ${group.name}; and not __fish_seen_subcommand_from ${children}' -a ${name} -d ${quote(summary)}`,
      );
    }
  }
  lines.push(
    `complete -c lighter -f -n '__fish_seen_subcommand_from ${containerVerbs.replaceAll("|", " ")}' -a '(lighter ps -a --format "{{.Names}}" 2>/dev/null)'`,
  );
  lines.push(
    `complete -c lighter -f -n '__fish_seen_subcommand_from ${imageVerbs.replaceAll("|", " ")}' -a '(lighter images --format "{{.Repository}}:{{.Tag}}" 2>/dev/null)'`,
  );
  return `# fish completion for lighter\n${lines.join("\n")}\n`;
}

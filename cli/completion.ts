export type Shell = 'bash' | 'zsh' | 'fish';

export interface Completable {
  readonly name: string;
  readonly summary: string;
  readonly flags: readonly string[];
}

/** A script for a shell to read: it completes the command after `tfk`, then that command's options, else file names. */
export function completionScript(shell: Shell, entries: readonly Completable[]): string {
  return { bash, zsh, fish }[shell](entries);
}

/** bash breaks words at colons, so what it has of the word before the last colon is cut from the answers. */
function bash(entries: readonly Completable[]): string {
  return `_tfk() {
  local line="\${COMP_LINE:0:COMP_POINT}" word command options
  word="\${line##* }"
  command="\${line#* }"; command="\${command%% *}"
  if [[ "$line" != *" "*" "* ]]; then
    options="${entries.map(({ name }) => name).join(' ')}"
  else
    case "$command" in
${entries.map(({ name, flags }) => `      ${name}) options="${flags.join(' ')}" ;;`).join('\n')}
    esac
    [[ "$word" == -* ]] || { COMPREPLY=($(compgen -f -- "$word")); return; }
  fi
  COMPREPLY=($(compgen -W "$options" -- "$word"))
  if [[ "$word" == *:* && "$COMP_WORDBREAKS" == *:* ]]; then
    COMPREPLY=("\${COMPREPLY[@]#"\${word%"\${word##*:}"}"}")
  fi
}
complete -o default -F _tfk tfk`;
}

function zsh(entries: readonly Completable[]): string {
  const described = entries.map(
    ({ name, summary }) => `    ${quoted(`${name.replaceAll(':', '\\:')}:${summary}`)}`,
  );
  return `_tfk() {
  local -a commands
  commands=(
${described.join('\n')}
  )
  if (( CURRENT == 2 )); then _describe command commands; return; fi
  case "$words[2]" in
${entries.map(({ name, flags }) => `    ${name}) compadd -- ${flags.join(' ')} ;;`).join('\n')}
  esac
  _files
}
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit; }
compdef _tfk tfk`;
}

function fish(entries: readonly Completable[]): string {
  const lines = entries.flatMap(({ name, summary, flags }) => [
    `complete -c tfk -f -n __fish_use_subcommand -a ${quoted(name)} -d ${quoted(summary)}`,
    ...flags.map(
      (flag) => `complete -c tfk -n ${quoted(`__fish_seen_subcommand_from ${name}`)} ${fishFlag(flag)}`,
    ),
  ]);
  return lines.join('\n');
}

function fishFlag(flag: string): string {
  return flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

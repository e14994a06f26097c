/** What a shell needs to ask `regroup complete` at each Tab. The words go there as typed, the last one unfinished. */

/** Files are completed where the answer is this line. */
export const filesMark = ":files";

/** Bash splits words at ":" and "=" too, which topics and key=value need whole: the line itself is split at blanks. */
const bash = `_regroup() {
  local line="\${COMP_LINE:0:COMP_POINT}" words answer
  read -ra words <<<"$line"
  [[ $line == *[[:space:]] ]] && words+=("")
  COMPREPLY=()
  while IFS= read -r answer; do
    if [[ $answer == "${filesMark}" ]]; then
      compopt -o default
      return
    fi
    COMPREPLY+=("\${answer%%$'\\t'*}")
  done < <("\${words[0]}" complete -- "\${words[@]:1}" 2>/dev/null)
}
complete -F _regroup regroup
`;

const zsh = `#compdef regroup
_regroup() {
  local -a answers
  local answer
  for answer in "\${(@f)$("\${words[1]}" complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    if [[ $answer == "${filesMark}" ]]; then
      _files
      return
    fi
    [[ -n $answer ]] && answers+=("\${\${answer//:/\\\\:}/$'\\t'/:}")
  done
  _describe regroup answers
}
compdef _regroup regroup
`;

const fish = `function __regroup_complete
  set -l words (commandline -opc) (commandline -ct)
  set -l answers ($words[1] complete -- $words[2..-1] 2>/dev/null)
  if test "$answers[1]" = "${filesMark}"
    __fish_complete_path (commandline -ct)
  else
    string join \\n -- $answers
  end
end
complete -c regroup -f -a "(__regroup_complete)"
`;

export const scripts: Readonly<Record<string, string>> = { bash, zsh, fish };

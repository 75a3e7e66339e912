/**
 * The shim: one small POSIX shell a dyno, which outlives tfkd. It gives the dyno its stdio, session and limits, waits for it,
 * and writes down how it ended. It works in the dyno's run folder, as tfkd's own user; only the launcher inside it runs as the
 * app's. `sh shim <run folder>` runs a dyno; `sh shim <run folder> <segment>` only takes its output from that segment on,
 * where the first logger was killed.
 *
 * Files of a run folder that the shim writes:
 * - `shim`, `logger`, `pid`: `<pid> <start time>`, in `pid` followed by the terminal if there is one; whole with the newline
 * - `exit`: the exit code, there whole or not at all; in its place `aborted`, when the command was never reached
 * - `log.00000000`, …: what the dyno wrote; `dropped`: `<segment> <bytes>` of each segment deleted to keep within the budget
 * - `drained`: nothing more is written to any segment
 *
 * Why it is built so:
 * - The dyno runs in the foreground. What a shell starts with `&` has SIGINT and SIGQUIT ignored for ever, and with it every
 *   process of the dyno. A shell waiting for the foreground does not answer signals, so they go from tfkd to the dyno's group,
 *   after a look at its start time.
 * - stdout is a FIFO: a file is wiped by `> /dev/stderr`, and a socket cannot be opened as `/dev/stdout`.
 * - The shell keeps the reading ends, so that a dyno whose logger was killed waits for the next one, and gets no SIGPIPE. It
 *   keeps a writing end until the dyno has ended: a logger that comes late would otherwise find the output's end before its
 *   beginning. No logger opens the FIFO only to read: where the last writer has gone, that waits for ever.
 * - dd takes what is there, no more, and writes it at once; head -c would hold a quiet dyno's lines back in its buffer.
 * - The environment comes through descriptor 3 and is read after the change of user: it is never an argument, never on disk,
 *   and an app's LD_PRELOAD or PATH never meets a process of root.
 */
export const SHIM_SCRIPT = `#!/bin/sh
cd "$1" || exit 70
. ./settings
umask 077
trap : HUP INT QUIT TERM

identity() {
  if read -r stat 2>/dev/null <"/proc/$1/stat"; then
    pid=$1
    set -- \${stat##*) }
    echo "$pid \${20}"
  else
    echo "$1 $(ps -o lstart= -p "$1" | tr -s ' ' _)"
  fi
}

drop() {
  old=$(printf 'log.%08d' "$1")
  [ -f "$old" ] || return
  echo "$1 $(($(wc -c <"$old")))" >>dropped
  rm -f "$old"
}

take_output() {
  exec 9<>out 4<out 9>&-
  number=$1
  before=0
  while :; do
    name=$(printf 'log.%08d' "$number")
    dd bs="$block" count="$blocks" <&4 >>"$name" 2>/dev/null
    status=$?
    size=$(($(wc -c <"$name")))
    [ "$size" -eq "$before" ] && [ "$status" -eq 0 ] && break
    [ "$size" -eq "$before" ] && sleep 1
    before=$size
    [ "$size" -lt "$segment" ] && continue
    number=$((number + 1))
    before=0
    drop "$((number - segments))"
  done
  : >drained
}

become_dyno() {
  for file in $cgroups; do
    echo 0 >"$file" || exit 97
  done
  { echo 200 >/proc/self/oom_score_adj; } 2>/dev/null
  ulimit -c 0
  cd "$app" || exit 97
  if [ "$mode" = terminal ]; then
    exec env -i PATH="$PATH" SHELL=/bin/sh $enter script -qec "$launcher" /dev/null
  fi
  exec env -i PATH="$PATH" $enter /bin/sh -c "$launcher"
}

others() {
  for file in $cgroups; do
    cat "$file"
  done 2>/dev/null
  grep -lzxF "TFK_DYNO=$marker" /proc/[0-9]*/environ 2>/dev/null | tr -dc '0-9\\n'
}

sweep() {
  read -r leader rest <pid && kill -KILL "-$leader" 2>/dev/null
  rounds=5
  while [ -n "$marker" ] && [ "$rounds" -gt 0 ]; do
    found=$(others)
    [ -z "$found" ] && return
    kill -KILL $found 2>/dev/null
    rounds=$((rounds - 1))
    sleep 0.05
  done
}

wait_while() {
  tenths=$1
  shift
  while "$@" 2>/dev/null && [ "$tenths" -gt 0 ]; do
    sleep 0.1
    tenths=$((tenths - 1))
  done
}

# A shell around the command dies of the group's SIGTERM at once, while the app behind it is still finishing its work.
# tfkd kills the group when its time is over.
let_others_finish() {
  read -r leader rest <pid && wait_while 600 kill -0 "-$leader"
}

record_exit() {
  [ "$1" -eq 143 ] && let_others_finish
  if [ -s pid ]; then
    echo "$1" >exit.new && mv exit.new exit
  else
    echo "$1" >aborted.new && mv aborted.new aborted
  fi
}

run_logged() {
  mkfifo -m 622 out || exit 71
  exec 9<>out 5<out
  take_output 0 3<&- 5<&- &
  identity "$!" >logger
  (become_dyno) </dev/null >out 2>&1 4>pid 5<&- 9>&-
  record_exit "$?"
  exec 9>&-
  sweep
  wait_while 20 [ ! -e drained ]
}

run_attached() {
  mkfifo -m 644 in && mkfifo -m 622 out err && mkfifo control || exit 71
  exec 7<>in 8<>out 9<>err
  read -r attached <control 3<&- &
  holder=$!
  exec 5<out 6<err 7>&- 8>&- 9>&-
  (become_dyno) <in >out 2>err 4>pid 5<&- 6<&-
  record_exit "$?"
  sweep
  wait_while 600 kill -0 "$holder"
  kill "$holder" 2>/dev/null
}

if [ -n "\${2-}" ]; then
  identity "$$" >logger
  take_output "$2"
  exit
fi
identity "$$" >shim
case $mode in
  logged) run_logged ;;
  *) run_attached ;;
esac
: >drained
`;

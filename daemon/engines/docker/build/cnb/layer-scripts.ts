/** What a shell in the container of a build does for its layers, as the builder's user. */

/** Lists what describes layers below $1, each with a `d` where the layer's folder is there. */
export const LIST = `cd "$1" 2>/dev/null || exit 0
for file in */*.toml */*.sbom.*; do
  if [ -f "$file" ] && [ ! -h "$file" ]; then
    folder=\${file%.toml}
    if [ -d "$folder" ] && [ ! -h "$folder" ]; then mark=d; else mark=-; fi
    printf '%s %s\\n' "$mark" "$file"
  fi
done`;

const COPYING = `for path; do
  mkdir -p "$to/\${path%/*}" && cp -a "$from/$path" "$to/$path" || exit 1
done`;

/** Removes folders with all in them: one without the right to write keeps what is in it (Go's module cache is such). */
const REMOVING = `remove() {
  chmod -R u+rwX "$@" 2>/dev/null
  rm -rf "$@"
}`;

/** Copies paths from below $1 to below $2. */
export const COPY = `from=$1 to=$2
shift 2
${COPYING}`;

/** As COPY, in place of all that was below $2 before: whenever it is cut off, $2 is whole, or not there. */
export const REPLACE = `${REMOVING}
from=$1 kept=$2 to=$2.next
shift 2
remove "$to" "$kept.old" && mkdir -p "$to" || exit 1
${COPYING}
if [ -d "$kept" ]; then mv "$kept" "$kept.old" || exit 1; fi
mv "$to" "$kept" && remove "$kept.old"`;

/** Removes folders below $1. */
export const CLEAR = `${REMOVING}
cd "$1" && shift || exit 1
for folder; do remove "./$folder"; done`;

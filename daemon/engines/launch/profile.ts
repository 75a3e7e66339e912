import { quote } from './quote.js';

/** Sources what the slug has for that, in the app's root, and becomes the command, which nothing that is sourced can change. */
const SOURCING = `for file in .profile.d/*.sh .profile; do
  if [ -f "$file" ]; then . "./$file"; fi
done
exec /bin/sh -c "$0"`;

/**
 * Becomes the command in $1, as Heroku starts one in a slug: after `.profile.d/*.sh`, which buildpacks write, and `.profile`. They
 * are written for bash, and get it where there is one.
 */
export const BECOME_COMMAND = `if [ -f .profile ] || [ -d .profile.d ]; then
  if [ -x /bin/bash ]; then exec /bin/bash -c ${quote(SOURCING)} "$1"; fi
  exec /bin/sh -c ${quote(SOURCING)} "$1"
fi
exec /bin/sh -c "$1"`;

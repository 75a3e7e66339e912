import { UsageError } from './errors.js';
import { visible } from './output/sanitise.js';

/** What was typed fits several of an app's `things`, which stand in `meant` as they are told; `lister`: the command that lists them. */
export function ambiguous(
  typed: string,
  things: string,
  app: string,
  { meant, lister }: { readonly meant: readonly string[]; readonly lister: string },
): UsageError {
  return new UsageError(
    `${visible(typed)} may be any of ${meant.length} ${things} of ${app}: ${meant.map(visible).join(', ')}.`,
    `Type the id of the one that you mean, as tfk ${lister} -a ${app} shows it.`,
  );
}

import { PlanError } from '../planner.js';

const MOST = 200;
const LONGEST = 200;

/** Patterns as workspaces are declared by, each once and without braces: `{a,b}/*` is `a/*` and `b/*`. */
export function globs(patterns: readonly string[]): readonly string[] {
  const found = new Set<string>();
  for (const pattern of patterns) {
    if (pattern.length > LONGEST)
      throw new PlanError(
        `A pattern of the workspaces has ${pattern.length} characters: tfk reads ${LONGEST}.`,
      );
    for (const glob of withoutBraces(pattern)) found.add(glob);
    if (found.size > MOST) throw new PlanError(`The workspaces are declared by more than ${MOST} patterns.`);
  }
  return [...found];
}

function withoutBraces(pattern: string): string[] {
  const waiting = [pattern];
  const done: string[] = [];
  for (let glob = waiting.pop(); glob !== undefined; glob = waiting.pop()) {
    const [whole, choices] = /\{([^{}]*)\}/.exec(glob) ?? [];
    if (whole === undefined || choices === undefined) done.push(glob);
    else for (const choice of choices.split(',')) waiting.push(glob.replace(whole, () => choice));
    if (waiting.length + done.length > MOST) throw new PlanError(`Too many choices in ${pattern}.`);
  }
  return done;
}

import { PlanError } from './planner.js';

/** Nothing that people write is deeper; what is much deeper cannot be written down again. */
const DEEPEST = 100;

/** What a JSON file of the source says. Throws a PlanError that names it where it is none. */
export function parseJson(file: string, json: string): unknown {
  const value = parsed(file, json);
  if (depthIsWithin(value, DEEPEST)) return value;
  throw new PlanError(
    `${file} is nested more than ${DEEPEST} levels deep.`,
    `Correct ${file} and push again.`,
  );
}

function parsed(file: string, json: string): unknown {
  try {
    return JSON.parse(json.replace(/^\uFEFF/, ''));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new PlanError(`${file} is not valid JSON: ${reason}`, `Correct ${file} and push again.`);
  }
}

/** Level by level, as it may be deeper than calls can be. */
function depthIsWithin(value: unknown, deepest: number): boolean {
  let level = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > deepest) return false;
    level = level.flatMap((item) =>
      typeof item === 'object' && item !== null ? Object.values(item as Record<string, unknown>) : [],
    );
  }
  return true;
}

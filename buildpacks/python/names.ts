/** As indexes compare names: `Flask_Login` is `flask-login`. */
export const normalised = (name: string): string => name.toLowerCase().replace(/[-_.]+/g, '-');

/**
 * What a requirement installs as far as it tells by itself: the package, and the server that comes with `fastapi[standard]`.
 */
export function namesOf(requirement: string): readonly string[] {
  const name = nameOf(requirement);
  if (name === null) return [];
  return /^fastapi\s*\[[^\]]*\b(?:standard|all)\b/i.test(requirement) ? [name, 'uvicorn'] : [name];
}

/** The name that a requirement begins with, e.g. `celery` of `celery[redis]>=5 ; python_version > "3.9"`; null: it has none. */
function nameOf(requirement: string): string | null {
  const name = /^([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:$|[[<>=!~;@(,\s])/.exec(requirement)?.[1];
  return name === undefined ? null : normalised(name);
}

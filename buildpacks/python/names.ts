/** As indexes compare names: `Flask_Login` is `flask-login`. */
export const normalised = (name: string): string => name.toLowerCase().replace(/[-_.]+/g, '-');

/** The name that a requirement begins with, e.g. `celery` of `celery[redis]>=5 ; python_version > "3.9"`; null: it has none. */
export function nameOf(requirement: string): string | null {
  const name = /^([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:$|[[<>=!~;@(,\s])/.exec(requirement)?.[1];
  return name === undefined ? null : normalised(name);
}

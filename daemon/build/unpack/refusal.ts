/** The archive is refused; the message says which entry and why, and is shown to the user. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
}

/** A name from an archive, fit for a terminal. */
export function quoted(name: string): string {
  const clipped = name.length > 120 ? `${name.slice(0, 120)}...` : name;
  return JSON.stringify(clipped.replace(/[\u007F-\u009F\u202A-\u202E\u2066-\u2069]/g, '?'));
}

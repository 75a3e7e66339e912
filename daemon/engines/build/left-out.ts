import ignore from 'ignore';

/** Tells of folders that a plan's steps made whether it leaves them out of the slug, as what only built a website. */
export function leftOutBy(exclude: readonly string[]): (folder: string) => boolean {
  const rules = ignore().add([...exclude]);
  return (folder) => rules.ignores(`${folder}/`);
}

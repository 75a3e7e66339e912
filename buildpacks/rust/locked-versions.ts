/** Crate → locked version, of those that come from elsewhere; several versions of one crate stand side by side. */
export function lockedVersions(text: string): Record<string, string> {
  const found = new Map<string, string[]>();
  for (const entry of text.split(/^\[\[package\]\]$/m)) {
    const valueOf = (key: string) => new RegExp(`^${key} = "([^"]+)"`, 'm').exec(entry)?.[1];
    const name = valueOf('name');
    const version = valueOf('version');
    if (name === undefined || version === undefined || valueOf('source') === undefined) continue;
    const versions = found.get(name);
    if (versions === undefined) found.set(name, [version]);
    else versions.push(version);
  }
  return Object.fromEntries([...found].map(([name, versions]) => [name, versions.sort().join(', ')]));
}

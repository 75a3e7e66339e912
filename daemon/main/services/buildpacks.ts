import { isLocal, readReference } from '../../../buildpacks/classic/reference.js';
import { buildpackOf, buildpacks, registryUrl, type Buildpack } from '../../../buildpacks/names.js';
import type { BuildpackService, InstalledBuildpack } from '../../http/services.js';
import { TfkError } from '../../shared/errors.js';
import type { Stages } from './stages.js';

export function buildpackService({ store }: Pick<Stages, 'store'>): BuildpackService {
  const installed = (appId: string) => store.buildpackInstallations.list(appId).map(toInstalled);
  return {
    known: () => buildpacks.map((buildpack) => ({ ...buildpack, url: registryUrl(buildpack.name) })),
    installed: ({ id }) => installed(id),
    install: ({ id }, references, rights) => {
      const allowed = rights.local ? references : store.buildpackInstallations.list(id);
      const names = namesOfBuildpacks(references, allowed);
      store.transaction(() => store.buildpackInstallations.replace(id, names));
      return installed(id);
    },
    named: (names) => names.map(toInstalled),
  };
}

/** Of one app. */
const MOST = 30;

/**
 * What a name or address means stays as its user wrote it where it is an address: that is what it is known by. `allowed`: those
 * which may lie on this machine. Throws a TfkError for what cannot be run.
 */
export function namesOfBuildpacks(references: readonly string[], allowed: readonly string[] = []): string[] {
  if (references.length > MOST) throw tooMany(references.length);
  return references.map((reference) => {
    const known = buildpackOf(reference);
    if (known) return nameKept(reference, known);
    const read = readReference(reference);
    if (!read.ok) throw unknownBuildpack(reference, read);
    if (isLocal(read.reference) && !allowed.includes(reference)) throw notYours(reference);
    return reference;
  });
}

const isRepository = (reference: string): boolean => reference.includes('github.com');

const nameKept = (reference: string, known: Buildpack): string =>
  isRepository(reference) ? reference : known.name;

const toInstalled = (name: string): InstalledBuildpack => ({
  name,
  url: buildpacks.some((known) => known.name === name) ? registryUrl(name) : name,
});

const unknownBuildpack = (
  reference: string,
  { why, hint }: { readonly why: string; readonly hint: string },
): TfkError => {
  const names = `The names are ${listed(buildpacks.map(({ name }) => name))}.`;
  if (reference === '')
    return new TfkError('invalid_params', `That buildpack is not known here. Nothing was changed. ${names}`, {
      hint,
    });
  return new TfkError(
    'invalid_params',
    `The buildpack ${JSON.stringify(reference.slice(0, 200))} ${why}. Nothing was changed. ${names}`,
    { hint },
  );
};

const tooMany = (count: number): TfkError =>
  new TfkError(
    'invalid_params',
    `An app has at most ${MOST} buildpacks, and these are ${count}. Nothing was changed.`,
  );

const notYours = (reference: string): TfkError =>
  new TfkError(
    'forbidden',
    `The buildpack ${JSON.stringify(reference.slice(0, 200))} is on tfkd's machine, and only who is there may name its files. Nothing was changed.`,
    { hint: 'Set it there, or set the https address of a repository.' },
  );

/** `a, b and c` */
const listed = (names: readonly string[]): string =>
  [names.slice(0, -1).join(', '), ...names.slice(-1)].filter((part) => part !== '').join(' and ');

import { buildpackOf, buildpacks, registryUrl, type Buildpack } from '../../../buildpacks/names.js';
import type { BuildpackService, InstalledBuildpack } from '../../http/services.js';
import { TfkError } from '../../shared/errors.js';
import type { Stages } from './stages.js';

export function buildpackService({ store }: Pick<Stages, 'store'>): BuildpackService {
  const installed = (appId: string) => store.buildpackInstallations.list(appId).map(toInstalled);
  return {
    known: () => buildpacks.map((buildpack) => ({ ...buildpack, url: registryUrl(buildpack.name) })),
    installed: ({ id }) => installed(id),
    install: ({ id }, references) => {
      const names = namesOfBuildpacks(references);
      store.transaction(() => store.buildpackInstallations.replace(id, names));
      return installed(id);
    },
    named: (names) => names.map(toInstalled),
  };
}

/** What a name or address means stays as its user wrote it where it is a repository: that is what it is known by. */
export function namesOfBuildpacks(references: readonly string[]): string[] {
  return references.map((reference) => {
    const known = buildpackOf(reference);
    if (!known) throw unknownBuildpack(reference);
    return nameKept(reference, known);
  });
}

const isRepository = (reference: string): boolean => reference.includes('github.com');

const nameKept = (reference: string, known: Buildpack): string =>
  isRepository(reference) ? reference : known.name;

const toInstalled = (name: string): InstalledBuildpack => ({
  name,
  url: isRepository(name) ? name : registryUrl(name),
});

const unknownBuildpack = (reference: string): TfkError =>
  new TfkError(
    'invalid_params',
    `${reference === '' ? 'That buildpack' : `The buildpack ${JSON.stringify(reference.slice(0, 200))}`} is not run here: there are ${listed(buildpacks.map(({ name }) => name))}. Nothing was changed.`,
    { hint: 'Build anything else by a Dockerfile, on the Docker engine.' },
  );

/** `a, b and c` */
const listed = (names: readonly string[]): string =>
  [names.slice(0, -1).join(', '), ...names.slice(-1)].filter((part) => part !== '').join(' and ');

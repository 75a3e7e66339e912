import { planners } from './registry.js';

/**
 * Buildpacks by Heroku's names: each of them is a planner here. Clients write them in several ways, and keep the one that the
 * registry answers.
 */
export interface Buildpack {
  /** `heroku/nodejs` */
  readonly name: string;
  /** Of the planner: `node`. */
  readonly planner: string;
  readonly description: string;
}

/** All that there are; a Dockerfile is chosen by the source, and is no buildpack. */
export const buildpacks: readonly Buildpack[] = planners.flatMap(({ name, buildpack }) =>
  buildpack === undefined ? [] : [{ ...buildpack, planner: name }],
);

/** Heroku's CLI shows a buildpack with this address by its name. */
export const registryUrl = (name: string): string =>
  `https://buildpack-registry.s3.amazonaws.com/buildpacks/${name}.tgz`;

const SPELLINGS = [
  /^(?:urn:buildpack:)?([a-z0-9_-]+\/[a-z0-9_-]+)$/i,
  /^https:\/\/buildpack-registry\.s3\.amazonaws\.com\/buildpacks\/([\w-]+\/[\w-]+)\.tgz$/,
  /^https:\/\/codon-buildpacks\.s3\.amazonaws\.com\/buildpacks\/([\w-]+\/[\w-]+)\.tgz$/,
];
const REPOSITORY =
  /^(?:https:\/\/|git:\/\/|git@)github\.com[/:]heroku\/heroku-buildpack-([\w-]+?)(?:\.git)?\/?$/;

/** `heroku/nodejs`, its URN, its address in the registry, or Heroku's repository of it; undefined for what tfk has not. */
export function buildpackOf(reference: string): Buildpack | undefined {
  const spelled = SPELLINGS.map((spelling) => spelling.exec(reference)?.[1]).find(
    (name) => name !== undefined,
  );
  const repository = REPOSITORY.exec(reference)?.[1];
  const name = spelled ?? (repository === undefined ? undefined : `heroku/${repository}`);
  return buildpacks.find((known) => known.name === name?.toLowerCase());
}

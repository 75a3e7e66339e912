import Docker from 'dockerode';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'vitest';
import type { DockerClient, DockerHost } from '../../daemon/engines/docker/client.js';
import { LABEL, Names } from '../../daemon/engines/docker/names.js';
import { messageOf } from '../../daemon/shared/errors.js';

/** The engine that tests run against; one connection for a test file. */
export interface TestDocker {
  readonly docker: Docker;
  readonly client: DockerClient;
}

/**
 * A `describe` that needs a Docker engine: `await describeDocker('The builder', ({ client }) => { test(...) })`. Where none
 * answers, its tests are skipped and the reason is printed; with TFK_TEST_REQUIRE_DOCKER=1 that is a failure. One that needs an
 * `image` which is made on request only is skipped where that is not.
 */
export async function describeDocker(
  title: string,
  body: (docker: TestDocker) => void,
  { image }: { readonly image?: string } = {},
): Promise<void> {
  const found = await dockerOrReason();
  if (typeof found !== 'string') {
    if (image === undefined || (await has(found.docker, image))) describe(title, () => body(found));
    else skipped(title, `there is no image ${image}: \`node test/images/make.mjs ${image}\` makes it`);
    return;
  }
  const required = process.env['TFK_TEST_REQUIRE_DOCKER'] === '1';
  if (!required) process.stderr.write(`Skipped: ${title}: ${found}\n`);
  test(title, (context) => {
    if (required) throw new Error(`TFK_TEST_REQUIRE_DOCKER=1, but ${found}`);
    context.skip(found);
  });
}

function skipped(title: string, reason: string): void {
  process.stderr.write(`Skipped: ${title}: ${reason}\n`);
  test(title, (context) => context.skip(reason));
}

const has = (docker: Docker, image: string): Promise<boolean> =>
  docker
    .getImage(image)
    .inspect()
    .then(
      () => true,
      () => false,
    );

/** The engine that answers here, or why none does. */
async function dockerOrReason(): Promise<TestDocker | string> {
  const endpoint = process.env['DOCKER_HOST'] ?? 'unix:///var/run/docker.sock';
  const [, socketPath] = /^unix:\/\/(\/.*)$/.exec(endpoint) ?? [];
  if (socketPath === undefined) return `these tests need an engine of this machine, not ${endpoint}`;
  const docker = new Docker({ socketPath });
  try {
    await withinMs(docker.ping(), 5_000);
    const host = await hostOf(docker, endpoint);
    return { docker, client: { api: () => Promise.resolve(docker), host: () => Promise.resolve(host) } };
  } catch (error) {
    return `no Docker engine answers: ${messageOf(error)}`;
  }
}

async function hostOf(docker: Docker, endpoint: string): Promise<DockerHost> {
  const version = await docker.version();
  const info = (await docker.info()) as { DockerRootDir: string };
  const [major = 1, minor = 41] = version.ApiVersion.split('.').map(Number);
  return {
    endpoint,
    version: version.Version,
    api: [major, minor],
    architecture: version.Arch,
    rootDir: info.DockerRootDir,
    local: true,
  };
}

function withinMs<T>(answer: Promise<T>, ms: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no answer within ${ms / 1000} s`)), ms);
    answer.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** The names of a home that nobody else has; end it with `removeAllOf`. */
export const freshNames = (): Names => new Names(randomBytes(6).toString('hex'));

/** All that carries the home's label, as `container tfk-app-web.1-…`; empty when everything was cleared away. */
export async function leftoversOf(docker: Docker, { home }: Names): Promise<string[]> {
  const found = await allOf(docker, home);
  return [
    ...found.containers.map(({ Names: [name], Id }) => `container ${name ?? Id}`),
    ...found.networks.map(({ Name }) => `network ${Name}`),
    ...found.volumes.map(({ Name }) => `volume ${Name}`),
    ...found.images.map(({ RepoTags, Id }) => `image ${RepoTags?.[0] ?? Id}`),
  ];
}

/** Removes all that carries the home's label, and nothing else. */
export async function removeAllOf(docker: Docker, { home }: Names): Promise<void> {
  const { containers, networks, volumes, images } = await allOf(docker, home);
  await Promise.all(
    containers.map(({ Id }) => gone(docker.getContainer(Id).remove({ force: true, v: true }))),
  );
  await Promise.all(networks.map(({ Id }) => gone(docker.getNetwork(Id).remove())));
  await Promise.all(volumes.map(({ Name }) => gone(docker.getVolume(Name).remove())));
  await removeImages(
    docker,
    images.map(({ Id }) => Id),
  );
}

/** An image goes only after those made of it, and times do not tell which these are: many are made in one second. */
async function removeImages(docker: Docker, ids: readonly string[]): Promise<void> {
  const stuck: string[] = [];
  let reason: unknown;
  for (const id of ids) {
    await gone(docker.getImage(id).remove({ force: true })).catch((error: unknown) => {
      if ((error as { statusCode?: number }).statusCode !== 409) throw error;
      stuck.push(id);
      reason = error;
    });
  }
  if (stuck.length === 0) return;
  if (stuck.length < ids.length) await removeImages(docker, stuck);
  else await untag(docker, stuck, reason);
}

/** What another test's image was made of, by the builder's cache, goes with that one; but its names are ours. */
async function untag(docker: Docker, ids: readonly string[], reason: unknown): Promise<void> {
  if (!/dependent child images/.test(String(reason))) throw reason;
  for (const id of ids) {
    const { RepoTags: tags } = await docker.getImage(id).inspect();
    for (const tag of tags) await gone(docker.getImage(tag).remove());
  }
}

async function allOf(docker: Docker, home: string) {
  const filters = { label: [`${LABEL.home}=${home}`] };
  const [containers, networks, { Volumes: volumes }, images] = await Promise.all([
    docker.listContainers({ all: true, filters }),
    docker.listNetworks({ filters }),
    docker.listVolumes({ filters }),
    docker.listImages({ all: true, filters: JSON.stringify(filters) }),
  ]);
  return { containers, networks, volumes, images };
}

/** Whatever else was removed meanwhile took it along. */
async function gone(removal: Promise<unknown>): Promise<void> {
  await removal.catch((error: unknown) => {
    if ((error as { statusCode?: number }).statusCode !== 404) throw error;
  });
}

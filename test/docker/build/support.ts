import type Docker from 'dockerode';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pino } from 'pino';
import { afterAll, expect, onTestFinished } from 'vitest';
import { DockerBuilder, type DockerBuilderOptions } from '../../../daemon/engines/docker/build/builder.js';
import { LABEL, type Names } from '../../../daemon/engines/docker/names.js';
import type { Artifact, BuildResult } from '../../../daemon/engines/engine.js';
import { systemClock } from '../../../daemon/shared/clock.js';
import { aPlan, tempFolder } from '../../integration/build/support.js';
import { freshNames, leftoversOf, removeAllOf, type TestDocker } from '../../support/docker.js';

export interface BuilderFixture {
  readonly docker: Docker;
  readonly names: Names;
  /** A further builder of the same home, as after a restart of tfkd. */
  readonly open: (more?: Partial<DockerBuilderOptions>) => DockerBuilder;
  /** What a shell prints in a new container of the slug. */
  readonly inSlug: (artifact: Artifact, script: string) => Promise<string>;
}

/** Builders of one home; all that it made is removed after the test. */
export function aHome({ docker, client }: TestDocker): BuilderFixture {
  const names = freshNames();
  onTestFinished(() => removeAllOf(docker, names));
  return fixture({ docker, client }, names, tempFolder());
}

/** As `aHome`, for all tests of a `describe`. */
export function sharedHome({ docker, client }: TestDocker): BuilderFixture {
  const names = freshNames();
  const folder = mkdtempSync(join(tmpdir(), 'tfk-test-'));
  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    await removeAllOf(docker, names);
  });
  return fixture({ docker, client }, names, folder);
}

function fixture({ docker, client }: TestDocker, names: Names, folder: string): BuilderFixture {
  const open = (more: Partial<DockerBuilderOptions> = {}) =>
    new DockerBuilder({
      client,
      names,
      clock: systemClock,
      logger: pino({ level: 'silent' }),
      home: folder,
      baseImages: {},
      ...more,
    });
  return {
    docker,
    names,
    open,
    inSlug: (artifact, script) => printedBy(docker, { names, image: names.slugImage(artifact.id), script }),
  };
}

async function printedBy(
  docker: Docker,
  { names, image, script }: { readonly names: Names; readonly image: string; readonly script: string },
): Promise<string> {
  const container = await docker.createContainer({
    Image: image,
    Entrypoint: [],
    Cmd: ['/bin/sh', '-c', script],
    Labels: { [LABEL.home]: names.home, [LABEL.kind]: 'test' },
    HostConfig: { NetworkMode: 'none' },
  });
  try {
    const stream = await container.attach({ stream: true, stdout: true, stderr: true });
    const out = new PassThrough();
    docker.modem.demuxStream(stream, out, out);
    stream.once('end', () => out.end());
    await container.start();
    return await text(out);
  } finally {
    await container.remove({ force: true, v: true });
  }
}

export function artifactOf(result: BuildResult): Artifact {
  if (!result.ok) throw new Error(`${result.reason}: ${result.message}`);
  return result.artifact;
}

/** A build leaves images, caches and the network of builds; never a container, nor a volume of one. */
export async function expectNothingRunning({ docker, names }: BuilderFixture): Promise<void> {
  const left = await leftoversOf(docker, names);
  expect(left.filter((thing) => thing.startsWith('container'))).toEqual([]);
}

const sh = (script: string): readonly [string, ...string[]] => ['/bin/sh', '-c', script];

/** A plan in the shape of Node's: a closed install step, a build script, and a closed pruning of what was installed. */
export function aLayeredPlan(buildScript: string) {
  const common = { env: {}, caches: {}, title: 'Step' };
  const install = 'mkdir -p deps/dev && cat lock > deps/a && echo tool > deps/dev/tool && echo installed';
  return aPlan([], {
    steps: [
      { ...common, name: 'install', inputs: ['lock'], commands: [sh(install)], layers: ['deps'] },
      { ...common, name: 'build', inputs: 'source' as const, commands: [sh(buildScript)], layers: [] },
      {
        ...common,
        name: 'prune',
        inputs: ['lock'],
        commands: [sh('rm -r deps/dev; echo pruned')],
        layers: ['deps'],
      },
    ],
    exclude: ['deps/.cache'],
  });
}

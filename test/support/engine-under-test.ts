import type Docker from 'dockerode';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readConfig } from '../../daemon/config.js';
import { LABEL, Names } from '../../daemon/engines/docker/names.js';
import { leftoversOf, removeAllOf } from './docker.js';
import { Installation } from './installation.js';
import { dynoProcessesOf } from './own-processes.js';

/** What a suite has to know of the engine on which it runs. */
export interface EngineUnderTest {
  readonly name: 'process' | 'docker';
  /** An installation whose apps run on this engine; give it back to `remove`. */
  install(settings?: Readonly<Record<string, string>>): Installation;
  /** Stops all, and removes all files, images and volumes. */
  remove(tfk: Installation): Promise<void>;
  /** Where a dyno leaves traces, and of which instances there are some now: `process of` → instances. */
  traces(tfk: Installation): Promise<Readonly<Record<string, readonly string[]>>>;
  /** What there is of dynos and databases, in words: nothing when there is no app. */
  remains(tfk: Installation): Promise<readonly string[]>;
}

export const onProcess: EngineUnderTest = {
  name: 'process',
  install: (settings) => new Installation(settings),
  remove: (tfk) => tfk.remove(),
  traces: async (tfk) => ({
    'process of': [...dynoProcessesOf(tfk).keys()],
    'folder of': namesIn(dynosOf(tfk)),
  }),
  remains: async (tfk) => [
    ...namesIn(dynosOf(tfk)).map((name) => `dyno ${name}`),
    ...namesIn(join(tfk.folder, 'system', 'postgres'))
      .filter((name) => name !== 'binaries')
      .map((name) => `database ${name}`),
  ],
};

export function onDocker(docker: Docker): EngineUnderTest {
  return {
    name: 'docker',
    install: (settings) => new Installation({ ...settings, TFK_ENGINE: 'docker' }),
    remove: async (tfk) => {
      await tfk.remove();
      await removeAllOf(docker, namesOf(tfk));
    },
    traces: async (tfk) => ({ 'container of': await instancesOf(docker, tfk) }),
    // Images, caches and the network of builds may serve the next push; the garbage collection knows.
    remains: async (tfk) =>
      (await leftoversOf(docker, namesOf(tfk))).filter(
        (one) => !/^image |-cache-|^network .*-build$/.test(one),
      ),
  };
}

/** What the engine calls the things of an installation. */
export const namesOf = (tfk: Installation): Names => new Names(readConfig({ TFK_HOME: tfk.home }).homeId);

/** The containers of an installation's dynos, whatever became of them. */
export function dynoContainersOf(docker: Docker, tfk: Installation): Promise<Docker.ContainerInfo[]> {
  return docker.listContainers({ all: true, filters: { label: namesOf(tfk).filter('dyno') } });
}

async function instancesOf(docker: Docker, tfk: Installation): Promise<string[]> {
  return (await dynoContainersOf(docker, tfk)).map(({ Labels }) => Labels[LABEL.instance] ?? 'nobody');
}

const dynosOf = (tfk: Installation): string => join(tfk.folder, 'system', 'dynos');
const namesIn = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder) : []);

import type Docker from 'dockerode';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { pack } from 'tar-fs';
import { ConnectedClient } from '../../daemon/engines/docker/connection/connected-client.js';
import { DockerEngine, type ImageBuilder } from '../../daemon/engines/docker/engine.js';
import { LABEL, type Names } from '../../daemon/engines/docker/names.js';
import { AppNetworks } from '../../daemon/engines/docker/networks.js';
import type {
  Artifact,
  BuildRequest,
  BuildResult,
  DynoExit,
  DynoHandle,
  DynoSpec,
  LogBatch,
  ObservedState,
} from '../../daemon/engines/engine.js';
import { systemClock } from '../../daemon/shared/clock.js';
import { newId } from '../../daemon/shared/ids.js';
import { freshNames, removeAllOf } from './docker.js';
import { eventually } from './process-engine.js';

/** Makes a slug of a folder by copying it onto a base image: the least that a dyno's image is. */
class CopyingImageBuilder implements ImageBuilder {
  constructor(
    private readonly docker: Docker,
    private readonly names: Names,
  ) {}

  recover(): Promise<void> {
    return Promise.resolve();
  }

  runtimeOf(): Promise<string> {
    return Promise.resolve('node:20-slim');
  }

  async build({ sourceDir, plan }: BuildRequest): Promise<BuildResult> {
    const key = await digestOf(sourceDir, plan.launchPath);
    const artifact: Artifact = { engine: 'docker', id: key, size: 1 };
    if (!(await this.hasArtifact(artifact))) await this.make(key, sourceDir, plan.launchPath);
    return { ok: true, artifact, image: null };
  }

  async hasArtifact({ id }: Artifact): Promise<boolean> {
    return this.docker
      .getImage(this.names.slugImage(id))
      .inspect()
      .then(
        () => true,
        () => false,
      );
  }

  pack(): Promise<never> {
    return Promise.reject(new Error('these images are not taken apart again'));
  }

  imageOf(): Promise<null> {
    return Promise.resolve(null);
  }

  collectGarbage(): Promise<number> {
    return Promise.resolve(0);
  }

  purgeCache(): Promise<void> {
    return Promise.resolve();
  }

  private async make(key: string, sourceDir: string, launchPath: readonly string[]): Promise<void> {
    const labels = this.names.labels('slug', { [LABEL.key]: key });
    const container = await this.docker.createContainer({ Image: 'node:20-slim', Labels: labels });
    const owned = pack(sourceDir, {
      map: (header) => ({ ...header, name: `app/${header.name}`, uid: 1000, gid: 1000 }),
    });
    await container.putArchive(owned as unknown as NodeJS.ReadableStream, { path: '/' });
    const path = [...launchPath.map((folder) => `/app/${folder}`), '/usr/local/bin:/usr/bin:/bin'].join(':');
    const [repo = '', tag = ''] = this.names.slugImage(key).split(':');
    await container.commit({
      repo,
      tag,
      WorkingDir: '/app',
      User: '1000:1000',
      Env: [`PATH=${path}`, 'HOME=/app'],
      Labels: labels,
    });
    await container.remove();
  }
}

async function digestOf(folder: string, launchPath: readonly string[]): Promise<string> {
  const hash = createHash('sha256').update(launchPath.join(':'));
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const entry of entries.filter((one) => one.isFile())) {
    const path = join(entry.parentPath, entry.name);
    hash.update(path.slice(folder.length)).update(await readFile(path));
  }
  return hash.digest('hex');
}

/** Docker engines of a home of the test's own, and a slug with one file; `dispose` takes all of it away. */
export class DockerBench {
  private constructor(
    readonly docker: Docker,
    readonly names: Names,
    readonly engine: DockerEngine,
    readonly artifact: Artifact,
  ) {}

  static async open(docker: Docker, client = new ConnectedClient({ env: {} })): Promise<DockerBench> {
    const names = freshNames();
    const engine = await openEngine(docker, names, client);
    const sourceDir = await mkdtemp(join(tmpdir(), 'tfk-bench-'));
    await writeFile(join(sourceDir, 'file.txt'), 'from the slug\n');
    const built = await engine.build({ sourceDir, plan: { launchPath: [] } } as never);
    await rm(sourceDir, { recursive: true });
    if (!built.ok) throw new Error(built.message);
    return new DockerBench(docker, names, engine, built.artifact);
  }

  reopen(client = new ConnectedClient({ env: {} })): Promise<DockerEngine> {
    return openEngine(this.docker, this.names, client);
  }

  spec(command: string, more: Partial<DynoSpec> = {}): DynoSpec {
    return {
      instance: newId(),
      labels: { appId: 'app', dyno: 'web.1', releaseVersion: 1 },
      appName: 'app',
      artifact: this.artifact,
      command,
      env: {},
      port: false,
      limits: { memoryBytes: 512 * 1024 * 1024, cpuWeight: 1, pids: 256 },
      appNumber: 1,
      stdio: 'logged',
      terminal: null,
      ...more,
    };
  }

  start(command: string, more: Partial<DynoSpec> = {}): Promise<DynoHandle> {
    return this.engine.start(this.spec(command, more));
  }

  inspect({ data }: DynoHandle): Promise<Docker.ContainerInspectInfo> {
    return this.docker.getContainer(String(data['container'])).inspect();
  }

  async state({ instance }: DynoHandle, engine = this.engine): Promise<ObservedState | null> {
    const dynos = await engine.list();
    return dynos.find(({ handle }) => handle.instance === instance)?.state ?? null;
  }

  async exit(handle: DynoHandle): Promise<DynoExit> {
    const exits: DynoExit[] = [];
    await eventually(async () => {
      const state = await this.state(handle);
      if (state?.kind !== 'exited') throw new Error(`not ended, but ${state?.kind ?? 'gone'}`);
      exits.push(state.exit);
    });
    return exits[0] as DynoExit;
  }

  /** All that the dyno writes until it ends. */
  output(handle: DynoHandle): Promise<string> {
    return this.follow(handle, () => false);
  }

  /** Resolves when the dyno has written this line. */
  async until(handle: DynoHandle, line: string): Promise<void> {
    await this.follow(handle, (lines) => lines.includes(line));
  }

  private async follow(handle: DynoHandle, enough: (lines: readonly string[]) => boolean): Promise<string> {
    const lines: string[] = [];
    const stop = new AbortController();
    const deliver = (batch: LogBatch) => {
      lines.push(...batch.lines.map(({ text }) => text));
      if (enough(lines)) stop.abort();
      return Promise.resolve();
    };
    await this.engine.followLogs(handle, null, deliver, stop.signal);
    return lines.join('\n');
  }

  async dispose(): Promise<void> {
    await removeAllOf(this.docker, this.names);
  }
}

function openEngine(docker: Docker, names: Names, client: ConnectedClient): Promise<DockerEngine> {
  const parts = { client, names, clock: systemClock, logger: pino({ level: 'silent' }) };
  return DockerEngine.open({
    ...parts,
    networks: new AppNetworks(parts),
    builder: new CopyingImageBuilder(docker, names),
  });
}

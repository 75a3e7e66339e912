import type Docker from 'dockerode';
import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll } from 'vitest';
import { choosePlanner } from '../../../buildpacks/registry.js';
import { sourceTree } from '../../../daemon/build/source-tree.js';
import { Watch } from '../../../daemon/engines/build/watch.js';
import { BaseImages } from '../../../daemon/engines/docker/build/base-images.js';
import { faultOf } from '../../../daemon/engines/docker/build/builder.js';
import { DockerfileBuilder } from '../../../daemon/engines/docker/build/dockerfile/builder.js';
import type { DockerClient } from '../../../daemon/engines/docker/client.js';
import type { Names } from '../../../daemon/engines/docker/names.js';
import type { BuildOutput, BuildRequest, BuildResult } from '../../../daemon/engines/engine.js';
import { systemClock } from '../../../daemon/shared/clock.js';
import { createLogger } from '../../../daemon/shared/logger.js';
import { freshNames, removeAllOf, type TestDocker } from '../../support/docker.js';

export class RecordedOutput implements BuildOutput {
  readonly lines: string[] = [];
  private waiting: (() => void)[] = [];
  step = (text: string): void => this.add(`-----> ${text}`);
  detail = (text: string): void => this.add(`       ${text}`);
  warning = (text: string): void => this.add(` !     ${text}`);

  /** Resolves when a line matches. */
  async until(pattern: RegExp): Promise<void> {
    while (!this.lines.some((line) => pattern.test(line))) {
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
  }

  private add(line: string): void {
    this.lines.push(line);
    for (const wake of this.waiting.splice(0)) wake();
  }
}

type Files = Readonly<Record<string, string>>;

export interface Wanted {
  readonly env?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
  readonly outputBytes?: number;
  readonly slugBytes?: number;
  readonly signal?: AbortSignal;
  readonly output?: RecordedOutput;
  /** Another than the source's own. */
  readonly key?: string;
}

export interface Built {
  readonly result: BuildResult;
  readonly key: string;
  readonly output: RecordedOutput;
  readonly text: string;
}

/** A builder with a home of its own; all it makes goes when the tests of the file have ended. */
export class Bench {
  readonly names: Names = freshNames();
  readonly docker: Docker;
  private readonly sources: string[] = [];

  /** What its builder goes by. */
  client: DockerClient;

  constructor({ docker, client }: TestDocker) {
    this.docker = docker;
    this.client = client;
    afterAll(async () => {
      for (const folder of this.sources) rmSync(folder, { recursive: true, force: true });
      await removeAllOf(docker, this.names);
    });
  }

  readonly builder = (): DockerfileBuilder =>
    new DockerfileBuilder({
      client: this.client,
      names: this.names,
      logger: createLogger('silent', 'test'),
      baseImages: new BaseImages({
        client: this.client,
        names: this.names,
        clock: systemClock,
        configured: {},
      }),
      resources: { memoryBytes: 512 * 1024 * 1024, pids: 512 },
    });

  source(files: Files): string {
    const folder = mkdtempSync(join(tmpdir(), 'tfk-dockerfile-'));
    this.sources.push(folder);
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), content);
    }
    return folder;
  }

  request(sourceDir: string, wanted: Wanted, output: RecordedOutput): BuildRequest {
    const source = sourceTree(sourceDir);
    const context = { config: {}, images: true };
    return {
      appId: 'app',
      buildId: randomUUID(),
      plan: choosePlanner(source, context).plan(source, context),
      sourceDir,
      env: wanted.env ?? {},
      config: {},
      configKey: () => '',
      limits: {
        timeoutMs: wanted.timeoutMs ?? 120_000,
        slugBytes: wanted.slugBytes ?? 1024 ** 3,
        outputBytes: wanted.outputBytes ?? 10 * 1024 * 1024,
      },
      output,
      signal: wanted.signal ?? new AbortController().signal,
    };
  }

  async build(files: Files, wanted: Wanted = {}): Promise<Built> {
    const output = wanted.output ?? new RecordedOutput();
    const key = wanted.key ?? createHash('sha256').update(JSON.stringify(files)).digest('hex');
    const request = this.request(this.source(files), wanted, output);
    const watch = new Watch(request);
    const result = await this.builder()
      .build(request, watch, () => Promise.resolve(key))
      .catch((error: unknown) => faultOf(error, watch));
    return { result, key, output, text: output.lines.join('\n') };
  }

  image(key: string, process: string | null = null): Docker.Image {
    return this.docker.getImage(this.names.slugImage(key, process));
  }

  /** What a program of the image prints. */
  async run(image: string, command: readonly string[]): Promise<string> {
    const container = await this.docker.createContainer({
      Image: image,
      Entrypoint: [],
      Cmd: [...command],
      Labels: this.names.labels('build'),
      NetworkDisabled: true,
    });
    try {
      const ended = container.wait({ condition: 'next-exit' });
      await container.start();
      await ended;
      const logs = await container.logs({ stdout: true, stderr: true });
      return framesOf(logs).toString('utf8');
    } finally {
      await container.remove({ force: true });
    }
  }

  /** Tags of all that carries this home's label. */
  async tags(): Promise<string[]> {
    const filters = JSON.stringify({ label: [`tfk.home=${this.names.home}`] });
    const images = await this.docker.listImages({ filters });
    return images.flatMap(({ RepoTags, Id }) => (RepoTags?.length ? RepoTags : [Id])).sort();
  }
}

/** Without the 8 bytes before each piece of output. */
function framesOf(logs: Buffer): Buffer {
  const pieces: Buffer[] = [];
  for (let at = 0; at + 8 <= logs.length;) {
    const size = logs.readUInt32BE(at + 4);
    pieces.push(logs.subarray(at + 8, at + 8 + size));
    at += 8 + size;
  }
  return Buffer.concat(pieces);
}

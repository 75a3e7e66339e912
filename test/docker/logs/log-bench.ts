import type Docker from 'dockerode';
import type { DockerClient } from '../../../daemon/engines/docker/client.js';
import { DynoLogs } from '../../../daemon/engines/docker/logs/dyno-logs.js';
import { logConfig } from '../../../daemon/engines/docker/logs/log-config.js';
import type { DynoLine, LogBatch } from '../../../daemon/engines/engine.js';
import { systemClock } from '../../../daemon/shared/clock.js';
import { createLogger } from '../../../daemon/shared/logger.js';
import { freshNames, removeAllOf, type TestDocker } from '../../support/docker.js';

export type Reader = 'files' | 'api';

/** Small files, so that a test sees dockerd change them. */
export const smallFiles = (bytes: number, files: number) => ({
  'max-size': String(bytes),
  'max-file': String(files),
});

export interface Followed {
  readonly lines: DynoLine[];
  readonly texts: string[];
  readonly cursor: string | null;
  readonly lost: number;
}

/** Containers that write, and both ways to read what they wrote. */
export class LogBench {
  readonly docker: Docker;
  readonly names = freshNames();
  private readonly readers: Readonly<Record<Reader, DynoLogs>>;

  constructor({ docker, client }: TestDocker) {
    this.docker = docker;
    const remote: DockerClient = {
      api: () => client.api(),
      host: async () => ({ ...(await client.host()), local: false }),
    };
    const parts = { clock: systemClock, logger: createLogger('fatal', 'test') };
    this.readers = {
      files: new DynoLogs({ client, ...parts }),
      api: new DynoLogs({ client: remote, ...parts }),
    };
  }

  /** Starts a container of node's image that runs a shell script; answers its id. */
  async run(script: string, options: Readonly<Record<string, string>> = {}): Promise<string> {
    const { Type, Config } = logConfig('logged');
    const container = await this.docker.createContainer({
      Image: 'node:20-slim',
      Cmd: ['/bin/sh', '-c', script],
      Labels: this.names.labels('dyno'),
      HostConfig: { Init: true, NetworkMode: 'none', LogConfig: { Type, Config: { ...Config, ...options } } },
    });
    await container.start();
    return container.id;
  }

  /** Until the container has ended, or `enough` says so. */
  async follow(
    reader: Reader,
    id: string,
    cursor: string | null = null,
    enough: (texts: readonly string[]) => boolean = () => false,
  ): Promise<Followed> {
    const stop = new AbortController();
    const followed = { lines: [] as DynoLine[], texts: [] as string[], cursor, lost: 0 };
    const deliver = async (batch: LogBatch) => {
      followed.lines.push(...batch.lines);
      followed.texts.push(...batch.lines.map(({ text }) => text));
      followed.cursor = batch.cursor;
      followed.lost += batch.lostBytes;
      if (enough(followed.texts)) stop.abort();
    };
    await this.readers[reader].follow(id, cursor, deliver, stop.signal);
    return followed;
  }

  dynoLogs(reader: Reader): DynoLogs {
    return this.readers[reader];
  }

  async exited(id: string): Promise<void> {
    await this.docker.getContainer(id).wait();
  }

  dispose(): Promise<void> {
    return removeAllOf(this.docker, this.names);
  }
}

export const numbers = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, index) => String(from + index));

/** Where two long lists part, short enough to be read; null where they do not. */
export function firstDifference(seen: readonly string[], wanted: readonly string[]): object | null {
  const length = Math.max(seen.length, wanted.length);
  const at = Array.from({ length }, (_, index) => index).find((index) => seen[index] !== wanted[index]);
  if (at === undefined) return null;
  const near = (list: readonly string[]) =>
    list.slice(Math.max(0, at - 3), at + 3).map((text) => text.slice(0, 40));
  return { at, seen: near(seen), wanted: near(wanted), lengths: [seen.length, wanted.length] };
}

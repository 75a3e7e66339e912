import type Docker from 'dockerode';
import { expect } from 'vitest';
import { Attacher } from '../../../daemon/engines/docker/attach/attacher.js';
import { attachedOptions, sizingLine } from '../../../daemon/engines/docker/attach/options.js';
import { LABEL, type Names } from '../../../daemon/engines/docker/names.js';
import type { Attachment, TerminalSize } from '../../../daemon/engines/engine.js';
import { systemClock } from '../../../daemon/shared/clock.js';
import { newId } from '../../../daemon/shared/ids.js';
import { createLogger } from '../../../daemon/shared/logger.js';
import type { TestDocker } from '../../support/docker.js';

const IMAGE = 'debian:bookworm-slim';
export const TERMINAL: TerminalSize = { columns: 91, rows: 23 };

export const attacherOf = ({ client }: TestDocker): Attacher =>
  new Attacher({ client, clock: systemClock, logger: createLogger('silent', 'test') });

export interface Dyno {
  readonly instance: string;
  readonly container: Docker.Container;
}

/** Containers as the engine's dynos are made, of one home. */
export class Dynos {
  constructor(
    private readonly docker: Docker,
    private readonly names: Names,
    private readonly attacher: Attacher,
  ) {}

  /** Created, and its stdio held; not started. */
  async prepared(command: string, terminal: TerminalSize | null = null): Promise<Dyno> {
    const instance = newId();
    const script = `unset TINI_KILL_PROCESS_GROUP\n${sizingLine(terminal)}${command}`;
    const container = await this.create(instance, 'attached', script, attachedOptions(terminal));
    await this.attacher.prepare(instance, container.id, terminal);
    return { instance, container };
  }

  async started(command: string, terminal: TerminalSize | null = null): Promise<Dyno> {
    const dyno = await this.prepared(command, terminal);
    await dyno.container.start();
    await this.attacher.started(dyno.instance);
    return dyno;
  }

  async attached(command: string, terminal: TerminalSize | null = null): Promise<Attachment> {
    const { instance, container } = await this.started(command, terminal);
    return this.attacher.attach(instance, container.id);
  }

  /** With a memory limit. */
  async limited(command: string, memory: number): Promise<Dyno> {
    const instance = newId();
    const limits = { HostConfig: { Memory: memory, MemorySwap: memory } };
    const container = await this.create(instance, 'attached', command, {
      ...attachedOptions(null),
      ...limits,
    });
    await this.attacher.prepare(instance, container.id, null);
    await container.start();
    await this.attacher.started(instance);
    return { instance, container };
  }

  /** One that is not attached to. */
  async logged(command = 'sleep 300', more: Docker.ContainerCreateOptions = {}): Promise<Dyno> {
    const instance = newId();
    const container = await this.create(instance, 'logged', command, more);
    await container.start();
    return { instance, container };
  }

  private create(
    instance: string,
    stdio: 'attached' | 'logged',
    script: string,
    more: Docker.ContainerCreateOptions,
  ): Promise<Docker.Container> {
    return this.docker.createContainer({
      Image: IMAGE,
      User: '1000:1000',
      Entrypoint: [],
      Cmd: ['/bin/sh', '-c', script],
      Env: ['TINI_KILL_PROCESS_GROUP=1', 'COLOUR=blue'],
      ...more,
      Labels: this.names.labels('dyno', {
        [LABEL.dyno]: 'run.1234',
        [LABEL.instance]: instance,
        [LABEL.stdio]: stdio,
      }),
      HostConfig: {
        Init: true,
        NetworkMode: 'none',
        CapDrop: ['ALL'],
        SecurityOpt: ['no-new-privileges'],
        ...(stdio === 'attached' ? { LogConfig: { Type: 'none', Config: {} } } : {}),
        ...more.HostConfig,
      },
    });
  }
}

/** What a terminal has shown so far; it is read from now on. */
export function screenOf(attachment: Attachment) {
  let shown = '';
  attachment.stdout.on('data', (chunk: Buffer) => (shown += chunk.toString()));
  return {
    shown: () => shown,
    until: (wanted: string) => eventually(() => expect(shown).toContain(wanted)),
  };
}

export async function eventually(check: () => unknown, withinMs = 20_000): Promise<void> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    try {
      await check();
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

/** `size` bytes in blocks that differ from each other. */
export function* blocks(size: number): Generator<Buffer> {
  const block = 1024 * 1024;
  for (let sent = 0; sent < size; sent += block)
    yield Buffer.alloc(Math.min(block, size - sent), `tfk ${sent}`);
}

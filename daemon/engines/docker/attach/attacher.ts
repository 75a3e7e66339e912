import type Docker from 'dockerode';
import { Duplex } from 'node:stream';
import type { Clock } from '../../../shared/clock.js';
import type { Logger } from '../../../shared/logger.js';
import type { Attachment, ExecRequest, TerminalSize } from '../../engine.js';
import type { DockerClient } from '../client.js';
import { DockerAttachment } from './docker-attachment.js';
import { DynoProcess } from './dyno-process.js';
import { openExec } from './exec.js';
import { asUnreachable, connectionLost, unlessEnded } from './failures.js';
import { saveLastOutput } from './last-output.js';
import { DETACH_KEYS } from './options.js';
import { noProcess, noStdio } from './refusals.js';
import { Stdio } from './stdio.js';

export interface AttacherParts {
  readonly client: DockerClient;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The stdio of a dyno from before its start until someone attaches. */
interface Held {
  readonly containerId: string;
  readonly stdio: Stdio;
  readonly terminal: TerminalSize | null;
  taken: boolean;
}

/** Gives callers the live stdio of dynos, and of further processes in them. */
export class Attacher {
  private readonly dynos = new Map<string, Held>();

  constructor(private readonly parts: AttacherParts) {}

  /**
   * Takes hold of the stdio of a container that was created with `attachedOptions` and not yet started, so that no byte is
   * missed. The dyno may write what Docker's own buffers take; then it waits until someone attaches.
   */
  async prepare(instance: string, containerId: string, terminal: TerminalSize | null): Promise<void> {
    this.forget(instance);
    const container = await this.container(containerId);
    const stdio = new Stdio(await connect(container), terminal !== null);
    this.dynos.set(instance, { containerId, stdio, terminal, taken: false });
  }

  /** The container has been started: its terminal, if it has one, gets its size. */
  async started(instance: string): Promise<void> {
    const dyno = this.dynos.get(instance);
    if (!dyno) return;
    const { containerId, terminal, stdio } = dyno;
    const container = await this.container(containerId);
    if (terminal) await unlessEnded(container.resize({ w: terminal.columns, h: terminal.rows }));
    await this.watch(stdio, async () => (await container.inspect()).State.Pid);
  }

  /** Once per instance. Rejects with a TfkError `conflict` when its stdio is not to be had (any more). */
  async attach(instance: string, containerId: string): Promise<Attachment> {
    const dyno = this.dynos.get(instance);
    const container = await this.container(containerId);
    if (!dyno) throw await noStdio(container);
    if (dyno.taken) throw await noStdio(container, 'is attached to already');
    dyno.taken = true;
    const process = new DynoProcess(container, dyno.stdio, this.parts.clock);
    return new DockerAttachment(process, dyno.stdio, this.parts);
  }

  /** The dyno is removed, or was not started after all. Without effect on one that someone is attached to. */
  forget(instance: string): void {
    const dyno = this.dynos.get(instance);
    if (dyno && !dyno.taken) dyno.stdio.destroy();
    this.dynos.delete(instance);
  }

  /** Resolves when the process runs. Rejects with a TfkError `conflict` when the dyno does not. */
  async exec(containerId: string, request: ExecRequest): Promise<Attachment> {
    const container = await this.container(containerId);
    try {
      const { process, stdio, exec } = await openExec(container, request, this.parts.clock);
      await this.watch(stdio, async () => (await exec.inspect()).Pid);
      return new DockerAttachment(process, stdio, this.parts);
    } catch (error) {
      throw await noProcess(container, asUnreachable(error));
    }
  }

  private async watch(stdio: Stdio, pidOf: () => Promise<number>): Promise<void> {
    if ((await this.parts.client.host()).local) void saveLastOutput(stdio, pidOf, this.parts.clock);
  }

  private async container(id: string): Promise<Docker.Container> {
    return (await this.parts.client.api()).getContainer(id);
  }
}

async function connect(container: Docker.Container): Promise<Duplex> {
  const all = { stream: true, hijack: true, stdin: true, stdout: true, stderr: true };
  const connection = await container.attach({ ...all, detachKeys: DETACH_KEYS }).catch((error: unknown) => {
    throw asUnreachable(error);
  });
  if (connection instanceof Duplex) return connection;
  throw connectionLost(new Error('something between tfk and Docker does not let it change protocols'));
}

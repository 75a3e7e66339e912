import type Docker from 'dockerode';
import { messageOf } from '../../../shared/errors.js';
import type { DynoExit, ObservedDyno, ObservedState } from '../../engine.js';
import { EngineUnreachable } from '../../unreachable.js';
import { unless } from '../answers.js';
import type { DockerClient } from '../client.js';
import { LABEL } from '../names.js';
import { labelsOf, type Containers } from './containers.js';

const KILLED = 137;
/** One container that dockerd cannot tell of, for which it may well wait for ever, is not to hold up what it tells of the others. */
const EXIT_TOLD_WITHIN_MS = 5_000;

/** Tells how all dynos of this home are, by one listing; how one ended is asked for once. */
export class Observer {
  private readonly exits = new Map<string, DynoExit>();

  constructor(
    private readonly parts: {
      readonly client: DockerClient;
      readonly containers: Containers;
      /** Is this very tfkd about to start it? */
      readonly isStarting: (instance: string) => boolean;
      /** Was its end told? A listing made at that moment may still have it running. */
      readonly hasEnded: (containerId: string) => boolean;
    },
  ) {}

  async list(): Promise<ObservedDyno[]> {
    const containers = await this.parts.containers.all();
    const ids = new Set(containers.map(({ Id }) => Id));
    for (const id of this.exits.keys()) if (!ids.has(id)) this.exits.delete(id);
    const observed = await Promise.all(containers.map((container) => this.observe(container)));
    return observed.filter((dyno) => dyno !== null);
  }

  /** Null: it was removed since it was listed. */
  private async observe(container: Docker.ContainerInfo): Promise<ObservedDyno | null> {
    const state = await this.stateOf(container);
    if (!state) return null;
    return { handle: await this.parts.containers.handleOf(container), labels: labelsOf(container), state };
  }

  private async stateOf(container: Docker.ContainerInfo): Promise<ObservedState | null> {
    switch (container.State) {
      case 'running':
        return this.parts.hasEnded(container.Id) ? this.exitedOrUnknown(container.Id) : { kind: 'running' };
      case 'paused':
        return { kind: 'running' };
      case 'created':
        return this.neverRan(container);
      case 'exited':
      case 'dead':
      case 'removing':
        return this.exitedOrUnknown(container.Id);
      default:
        return { kind: 'unknown', reason: `Docker says it is ${container.State}` };
    }
  }

  /**
   * An earlier tfkd was cut off between making it and starting it; or this one was just starting it when the list was made, and has
   * started it meanwhile. So it is asked for once more, after it was seen that nobody is starting it.
   */
  private neverRan({ Id, Labels: labels }: Docker.ContainerInfo): Promise<ObservedState | null> {
    if (this.parts.isStarting(labels[LABEL.instance] ?? ''))
      return Promise.resolve({ kind: 'unknown', reason: 'it is being started' });
    return this.exitedOrUnknown(Id);
  }

  /** A failure of one container is that dyno's alone; a dockerd that is gone is everybody's. */
  private exitedOrUnknown(id: string): Promise<ObservedState | null> {
    return this.exited(id).catch((error: unknown) => {
      if (error instanceof EngineUnreachable) throw error;
      return { kind: 'unknown', reason: `Docker does not say how it ended: ${messageOf(error)}` };
    });
  }

  private async exited(id: string): Promise<ObservedState | null> {
    const known = this.exits.get(id);
    if (known) return { kind: 'exited', exit: known };
    const docker = await this.parts.client.api();
    const abortSignal = AbortSignal.timeout(EXIT_TOLD_WITHIN_MS);
    const info = await unless([404], docker.getContainer(id).inspect({ abortSignal }));
    if (!info) return null;
    if (info.State.Running) return { kind: 'running' };
    const exit = exitOf(info);
    // What never ran may run yet.
    if (exit.code !== null) this.exits.set(id, exit);
    return { kind: 'exited', exit };
  }
}

/** Of one that was never started too. Docker also notes when the kernel killed a child alone, after which the dyno may have gone on. */
export function exitOf({
  State: state,
  Created,
}: Pick<Docker.ContainerInspectInfo, 'State' | 'Created'>): DynoExit {
  const finished = Date.parse(state.FinishedAt);
  return {
    code: state.Status === 'created' ? null : state.ExitCode,
    outOfMemory: state.OOMKilled && state.ExitCode === KILLED,
    // The year 1 stands for never.
    at: finished > 0 ? finished : Date.parse(Created),
  };
}

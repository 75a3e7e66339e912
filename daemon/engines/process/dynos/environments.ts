import { dirname, join } from 'node:path';
import { TfkError } from '../../../shared/errors.js';
import type { DynoSpec } from '../../engine.js';
import type { SlugLaunch } from '../builder.js';
import { SYSTEM_PATH } from '../host/isolation.js';
import { parseIdentity, type Processes } from '../host/processes.js';
import type { DynoFolder, DynoRecord } from './dyno-folder.js';

/** What all processes of a dyno carry, so that those which leave its group are found. */
export const MARKER = 'TFK_DYNO';

/** The names that an engine adds to the dyno's own. */
export const ADDED = ['PATH', 'HOME', 'TMPDIR', 'PORT', MARKER] as const;

export type Environment = Readonly<Record<string, string>>;

/** From scratch: nothing of tfkd's own environment is in it. */
export function dynoEnvironment(
  spec: DynoSpec,
  place: {
    readonly folder: DynoFolder;
    readonly launch: SlugLaunch;
    readonly nodePath: string;
    readonly port: number | null;
  },
): Environment {
  const launchPath = place.launch.path.map((entry) => join(place.folder.app, entry));
  const { hostPath = [] } = place.launch;
  return {
    ...spec.env,
    ...(place.port === null ? {} : { PORT: String(place.port) }),
    PATH: [...launchPath, ...hostPath, dirname(place.nodePath), SYSTEM_PATH].join(':'),
    HOME: place.folder.app,
    TMPDIR: place.folder.tmp,
    [MARKER]: spec.instance,
  };
}

/**
 * The environments of running dynos, for further processes in them. They hold secrets, so none is written down: after a
 * restart of tfkd the kernel is asked for what the dyno's own process was started with.
 */
export class Environments {
  private readonly known = new Map<string, Environment>();

  constructor(private readonly processes: Processes) {}

  remember(instance: string, env: Environment): void {
    this.known.set(instance, env);
  }

  forget(instance: string): void {
    this.known.delete(instance);
  }

  async of(folder: DynoFolder, record: DynoRecord): Promise<Environment> {
    const env = this.known.get(record.instance) ?? (await this.askKernel(folder, record));
    if (!env) {
      throw new TfkError('unavailable', `The environment of ${record.labels.dyno} cannot be read any more.`, {
        hint: `Restart it with \`tfk ps:restart ${record.labels.dyno}\` and try again.`,
      });
    }
    this.remember(record.instance, env);
    return env;
  }

  /** Its first process, or, where that has written over what it was started with, any other. */
  private async askKernel(folder: DynoFolder, record: DynoRecord): Promise<Environment | null> {
    const first = parseIdentity((await folder.text('pid')) ?? '')?.pid;
    const others = await this.processes.withVariable(`${MARKER}=${record.instance}`);
    for (const pid of first === undefined ? others : [first, ...others]) {
      const env = wholeEnvironment(await this.processes.environment(pid), record.variables);
      if (env?.[MARKER] === record.instance) return env;
    }
    return null;
  }
}

/** Exactly these names; null when one is missing. */
function wholeEnvironment(entries: readonly string[], names: readonly string[]): Environment | null {
  const values = new Map(
    entries.map((entry) => {
      const middle = entry.indexOf('=');
      return [entry.slice(0, middle), entry.slice(middle + 1)] as const;
    }),
  );
  if (!names.every((name) => values.has(name))) return null;
  return Object.fromEntries(names.map((name) => [name, values.get(name) ?? '']));
}

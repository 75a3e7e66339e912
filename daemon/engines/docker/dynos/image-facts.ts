import type Docker from 'dockerode';
import { TfkError } from '../../../shared/errors.js';
import type { DynoSpec } from '../../engine.js';
import { unless } from '../answers.js';
import { runsAsRoot } from '../build/dockerfile/facts.js';
import { IMAGE_LABEL } from '../build/labels.js';
import { launchingOf, type Launching } from '../launching.js';
import { LABEL, type Names } from '../names.js';

/** What a dyno's container is made after, of its image. */
export interface RunImage {
  readonly id: string;
  /** Runs it as root, unless told otherwise? */
  readonly root: boolean;
  /** The line for which the image is run as it is; null: there is none. */
  readonly command: string | null;
  /** The TCP ports it says it listens on, lowest first. */
  readonly exposed: readonly number[];
  readonly launching: Launching;
}

/** The image of a process type where it has one of its own, else the slug's. Rejects with a TfkError where it is gone. */
export async function findImage(docker: Docker, names: Names, spec: DynoSpec): Promise<RunImage> {
  const key = spec.artifact.id;
  const [process = ''] = spec.labels.dyno.split('.');
  const own = await unless([404], docker.getImage(names.slugImage(key, process)).inspect());
  if (own) return runImageOf(own);
  const main = await unless([404], docker.getImage(names.slugImage(key)).inspect());
  // One that has an image of its own never runs in another's.
  if (main && !othersOf(main).includes(process)) return runImageOf(main);
  const { dyno, releaseVersion } = spec.labels;
  throw new TfkError('gone', `${dyno} cannot be started: the image of release v${releaseVersion} is gone.`, {
    hint: 'Push the app again, or roll back to a release whose slug is still there.',
  });
}

/** Engines differ in which of these they leave out when it is empty. */
export function runImageOf(info: Pick<Docker.ImageInspectInfo, 'Id' | 'Config'>): RunImage {
  const config = info.Config as Partial<Docker.ImageInspectInfo['Config']> | null;
  const ports = Object.keys(config?.ExposedPorts ?? {}).map((port) => /^(\d+)\/tcp$/.exec(port)?.[1]);
  const labels = (config?.Labels ?? {}) as Readonly<Record<string, string>>;
  return {
    id: info.Id,
    root: runsAsRoot({ User: config?.User ?? '' }),
    command: labels[LABEL.command] ?? null,
    exposed: ports
      .filter((port) => port !== undefined)
      .map(Number)
      .sort((one, other) => one - other),
    launching: launchingOf(labels),
  };
}

/** The process types of a slug's images beside the main one. */
function othersOf({ Config }: Pick<Docker.ImageInspectInfo, 'Config'>): readonly string[] {
  const labels = Config.Labels as Readonly<Record<string, string>> | null;
  return (labels?.[IMAGE_LABEL.images] ?? '').split(',');
}

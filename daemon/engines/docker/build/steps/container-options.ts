import type Docker from 'dockerode';

/** The app's root in every image that tfk makes. */
export const APP = '/app';
/** Everything that a build needs beside the app, in its containers only. */
export const BUILD = '/tfk-build';
/** Of the user that builds and dynos of tfk's own images run as. */
export const UID = 1000;
export const USER = `${UID}:${UID}`;

/** As whom, and in which folder, the commands of a container run. */
export interface RunsAs {
  /** `uid:gid` */
  readonly user: string;
  readonly folder: string;
}

/** In tfk's own images. */
export const OURS: RunsAs = { user: USER, folder: APP };

/** What each container of a build may take of the machine. */
export interface BuildResources {
  readonly memoryBytes: number;
  readonly pids: number;
}

/** Half of what a dyno gets when the processors are busy. */
const CPU_SHARES = 512;

export const cacheFolder = (cache: string): string => `${BUILD}/cache/${cache}`;

export interface StepContainer {
  readonly image: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly network: string;
  readonly resources: BuildResources;
  /** Cache name → volume. */
  readonly caches: Readonly<Record<string, string>>;
  readonly as?: RunsAs;
}

/** A container that waits for the commands of steps. It is never committed, so no image holds what they are given. */
export function stepContainer(spec: StepContainer): Docker.ContainerCreateOptions {
  const volume = (Target: string, Source: string) => ({
    Type: 'volume' as const,
    Target,
    Source,
    VolumeOptions: { NoCopy: false, Labels: {}, DriverConfig: { Name: '', Options: {} } },
  });
  return {
    ...waiting(spec.image, spec.labels, spec.as),
    HostConfig: {
      ...CONFINED,
      ...limitsOf(spec.resources),
      NetworkMode: spec.network,
      Mounts: [
        // Goes with the container, and keeps the image's mode of the folder.
        volume('/tmp', ''),
        ...Object.entries(spec.caches).map(([cache, name]) => volume(cacheFolder(cache), name)),
      ],
    },
  };
}

export type ImageSettings = Pick<Docker.ContainerCreateOptions, 'Entrypoint' | 'Cmd' | 'User' | 'WorkingDir'>;

/** A container that is filled and committed as an image; it has nothing but what the image may hold. */
export function imageContainer(spec: {
  readonly image: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly env: readonly string[];
  readonly resources: BuildResources;
  /** What the image has of its own in place of tfk's. */
  readonly config?: ImageSettings;
}): Docker.ContainerCreateOptions {
  return {
    ...waiting(spec.image, spec.labels),
    ...spec.config,
    Env: [...spec.env],
    // None of it becomes part of the image.
    HostConfig: { ...CONFINED, ...limitsOf(spec.resources), NetworkMode: 'none' },
  };
}

const CONFINED = {
  Init: true,
  CapDrop: ['ALL'],
  SecurityOpt: ['no-new-privileges'],
  LogConfig: { Type: 'none', Config: {} },
};

const limitsOf = ({ memoryBytes, pids }: BuildResources) => ({
  Memory: memoryBytes,
  MemorySwap: memoryBytes,
  PidsLimit: pids,
  CpuShares: CPU_SHARES,
});

/** A shell that reads an input which never comes: there in every image, and at rest. */
function waiting(
  image: string,
  labels: Readonly<Record<string, string>>,
  as: RunsAs = OURS,
): Docker.ContainerCreateOptions {
  return {
    Image: image,
    Entrypoint: [],
    Cmd: ['/bin/sh'],
    OpenStdin: true,
    User: as.user,
    WorkingDir: as.folder,
    Labels: { ...labels },
  };
}

/** A slug's PATH: the plan's folders of the app, then the base image's. */
export function launchPath(folders: readonly string[], basePath: string): string {
  return [...folders.map((folder) => `${APP}/${folder}`), basePath].join(':');
}

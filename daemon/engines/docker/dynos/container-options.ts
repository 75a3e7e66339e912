import type Docker from 'dockerode';
import { isProcessCommand } from '../../../../buildpacks/cnb/launch.js';
import type { DynoSpec } from '../../engine.js';
import { attachedOptions } from '../attach/options.js';
import { LABEL, type Names } from '../names.js';
import { shellOf, WHOLE_GROUP } from './command.js';
import type { RunImage } from './image-facts.js';

/** Where a dyno listens whose image does not say otherwise. */
const USUAL_PORT = 5_000;
/** The container's port that handles name; a label, so that a listing tells it. */
export const PORT_LABEL = 'tfk.port';

/** What root in a container keeps: enough to drop root, own files, and listen on port 80. */
const ROOT_CAPABILITIES = ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'SETUID', 'SETGID', 'NET_BIND_SERVICE', 'KILL'];

/** Variables that no app sets. */
const ENGINES = ['PATH', 'HOME', 'PORT', 'TMPDIR', WHOLE_GROUP];

export interface DynoPlace {
  readonly names: Names;
  /** The id of the app's network. */
  readonly network: string;
  /** The engine's address on which the dyno's port is published, empty for all; null where its own address is reached. */
  readonly publishOn: string | null;
  readonly logConfig: Docker.HostConfig['LogConfig'];
}

/** All of a dyno's container, before anything is done. */
export function containerOptions(
  spec: DynoSpec,
  image: RunImage,
  place: DynoPlace,
): Docker.ContainerCreateOptions {
  const port = portOf(spec, image);
  return {
    name: place.names.dyno(spec.appName, spec.labels.dyno, spec.instance),
    Image: image.id,
    ...commandOf(spec, image),
    ...(spec.stdio === 'attached' ? attachedOptions(spec.terminal) : {}),
    Env: environment(spec, port),
    Labels: labelsOf(spec, port, place.names),
    ...(port === null ? {} : { ExposedPorts: { [`${port}/tcp`]: {} } }),
    HostConfig: {
      ...hardening(image),
      ...limitsOf(spec),
      NetworkMode: place.network,
      LogConfig: place.logConfig,
      ...publishing(port, place.publishOn),
    },
  };
}

/** PORT; null for a dyno without. An image that names one port has an app that may well ignore PORT. */
export function portOf(spec: DynoSpec, image: RunImage): number | null {
  if (!spec.port) return null;
  const [only, ...others] = image.exposed;
  return only !== undefined && others.length === 0 ? only : USUAL_PORT;
}

/** Docker says of an image's own command: without Cmd and Entrypoint it is run as it is. */
function commandOf(
  spec: DynoSpec,
  image: RunImage,
): Pick<Docker.ContainerCreateOptions, 'Entrypoint' | 'Cmd'> {
  if (image.command !== null && spec.command === image.command) return {};
  // Its launcher needs no shell, which small run images have not.
  if (image.launching === 'launcher' && isProcessCommand(spec.command))
    return { Entrypoint: [spec.command], Cmd: [] };
  return { Entrypoint: [], Cmd: shellOf(spec, image) };
}

/** PATH and HOME are the image's own. */
function environment(spec: DynoSpec, port: number | null): string[] {
  const added: Readonly<Record<string, string>> = {
    TMPDIR: '/tmp',
    ...(port === null ? {} : { PORT: String(port) }),
    [WHOLE_GROUP]: '1',
  };
  const own = Object.entries(spec.env).filter(([name]) => !ENGINES.includes(name));
  return [...own, ...Object.entries(added)].map(([name, value]) => `${name}=${value}`);
}

function labelsOf(spec: DynoSpec, port: number | null, names: Names): Record<string, string> {
  return names.labels('dyno', {
    [LABEL.app]: spec.labels.appId,
    [LABEL.dyno]: spec.labels.dyno,
    [LABEL.release]: String(spec.labels.releaseVersion),
    [LABEL.instance]: spec.instance,
    [LABEL.stdio]: spec.stdio,
    ...(port === null ? {} : { [PORT_LABEL]: String(port) }),
  });
}

function hardening(image: RunImage): Docker.HostConfig {
  return {
    Init: true,
    CapDrop: ['ALL'],
    ...(image.root ? { CapAdd: ROOT_CAPABILITIES } : {}),
    SecurityOpt: ['no-new-privileges'],
    RestartPolicy: { Name: 'no' },
    AutoRemove: false,
    // The first to go when the machine itself has no memory left.
    OomScoreAdj: 200,
    Ulimits: [{ Name: 'core', Soft: 0, Hard: 0 }],
  };
}

function limitsOf({ limits }: DynoSpec): Docker.HostConfig {
  return {
    Memory: limits.memoryBytes,
    MemorySwap: limits.memoryBytes,
    CpuShares: Math.max(2, Math.round(limits.cpuWeight * 1024)),
    PidsLimit: limits.pids,
    // Counts as the dyno's memory. Programs may be run from it, as some runtimes do with what they unpack.
    Tmpfs: { '/tmp': `rw,exec,nosuid,nodev,mode=1777,size=${limits.memoryBytes}` },
  };
}

function publishing(port: number | null, publishOn: string | null): Docker.HostConfig {
  if (port === null || publishOn === null) return {};
  return { PortBindings: { [`${port}/tcp`]: [{ HostIp: publishOn, HostPort: '' }] } };
}

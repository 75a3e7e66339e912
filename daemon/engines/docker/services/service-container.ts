import type { ContainerCreateOptions } from 'dockerode';
import { createHash } from 'node:crypto';
import type { ServiceSpec } from '../../service-host.js';
import { LABEL, type Names } from '../names.js';

/** On containers: what they were made for. A running one with the same is kept. */
export const SPEC_LABEL = 'tfk.spec';
/** On containers: the port of the host, told also of a stopped one. */
export const PORT_LABEL = 'tfk.port';

/** What the entrypoints of the official images need to give their data to the service's own user, and to become it. */
const CAPABILITIES = ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'SETGID', 'SETUID'];
const PIDS = 512;

/** The container of a service, in the network `network` (by id) and with its port on loopback alone. */
export function containerOptions(names: Names, spec: ServiceSpec, network: string): ContainerCreateOptions {
  const port = `${spec.port}/tcp`;
  return {
    name: names.service(spec.id),
    Image: spec.image,
    ...(spec.command === null ? {} : { Cmd: [...spec.command] }),
    Env: Object.entries(spec.env).map(([name, value]) => `${name}=${value}`),
    Labels: names.labels('service', {
      [LABEL.service]: spec.id,
      [SPEC_LABEL]: fingerprint(spec),
      [PORT_LABEL]: String(spec.hostPort),
    }),
    ExposedPorts: { [port]: {} },
    HostConfig: {
      NetworkMode: network,
      PortBindings: { [port]: [{ HostIp: '127.0.0.1', HostPort: String(spec.hostPort) }] },
      Mounts: [{ Type: 'volume', Source: names.service(spec.id), Target: spec.dataPath }],
      // So that it is back as soon as dockerd is, whether tfkd runs or not.
      RestartPolicy: { Name: 'unless-stopped' },
      Init: true,
      CapDrop: ['ALL'],
      CapAdd: CAPABILITIES,
      SecurityOpt: ['no-new-privileges'],
      PidsLimit: PIDS,
      Memory: spec.memoryBytes,
      MemorySwap: spec.memoryBytes,
      ShmSize: Math.floor(spec.memoryBytes / 4),
      LogConfig: { Type: 'local', Config: { 'max-size': '5m', 'max-file': '2' } },
    },
  };
}

/**
 * The same for specs that one container serves: networks are joined and left while it runs, and what its files say is for a new
 * one.
 */
export function fingerprint(spec: ServiceSpec): string {
  const { image, command, env, dataPath, port, hostPort, memoryBytes } = spec;
  const variables = Object.entries(env).sort(([one], [other]) => (one < other ? -1 : 1));
  const essence = [image, command, variables, dataPath, port, hostPort, memoryBytes];
  return createHash('sha256').update(JSON.stringify(essence)).digest('hex').slice(0, 16);
}

import Docker from 'dockerode';
import { readFile } from 'node:fs/promises';
import { Agent } from 'node:http';
import { Agent as SecureAgent } from 'node:https';
import { messageOf } from '../../../shared/errors.js';
import type { DockerHost } from '../client.js';
import { textOf, type Endpoint } from './endpoint.js';
import { isLocal, ownMachine, type EngineMachine } from './locality.js';
import { negotiate, type SelfDescription } from './negotiate.js';
import { ownConnections } from './own-connections.js';
import { guardRequests, type AnswerLimits } from './requests.js';
import { failureOf, type Failure } from './words.js';

/** A dockerd that answers, spoken to in an API version that both sides know. */
export interface Connection {
  readonly docker: Docker;
  readonly host: DockerHost;
  /** The engine's own, the same at all its endpoints; empty where it has none. */
  readonly engineId: string;
}

export type Reached = { readonly connection: Connection } | { readonly failure: Failure };

/** What later requests tell. */
export interface Listener {
  /** Sees what they fail with, and answers what to fail with instead. */
  explain(error: Error): Error;
  /** A container or volume was made. */
  made(engineId: string): void;
}

/** Connects to one endpoint and learns what is there. Rejects for nothing but a bug: what keeps us from using it is a failure. */
export async function reach(endpoint: Endpoint, limits: AnswerLimits, listener: Listener): Promise<Reached> {
  try {
    const options = await optionsOf(endpoint);
    const hello = new Docker(options);
    const helloLimits = { ...limits, answerMs: limits.helloMs };
    guardRequests(hello, { explain: (error) => error, made: () => undefined, limits: helloLimits });
    const engine = (await hello.version()) as unknown as SelfDescription & { Arch: string };
    const negotiated = negotiate(engine);
    if (!negotiated.ok) return { failure: { ...negotiated, weight: 4 } };
    const docker = new Docker({ ...options, version: `v${negotiated.api.join('.')}` });
    const { engineId, rootDir, machine } = await machineOf(hello);
    const made = () => listener.made(engineId);
    guardRequests(docker, { explain: (error) => listener.explain(error), made, limits });
    const local = isLocal(endpoint, machine, await ownMachine(endpoint));
    const { Version: version, Arch: architecture } = engine;
    return {
      connection: {
        docker,
        engineId,
        host: { endpoint: textOf(endpoint), version, api: negotiated.api, architecture, rootDir, local },
      },
    };
  } catch (error) {
    return { failure: failureOf(error) ?? { reason: messageOf(error).trim(), hint: NOT_DOCKER, weight: 2 } };
  }
}

const NOT_DOCKER = 'See whether `docker info` works there, or set DOCKER_HOST to another engine.';

/** Everything is given, since docker-modem fills what is not from the environment of its own accord. */
async function optionsOf(endpoint: Endpoint): Promise<Docker.DockerOptions & { readonly agent: Agent }> {
  const agent = ownConnections(new Agent());
  if (endpoint.kind === 'unix') return { socketPath: endpoint.path, host: '', protocol: 'http', agent };
  const { host, port, tls } = endpoint;
  if (!tls) return { host, port, protocol: 'http', agent };
  const [ca, cert, key] = await Promise.all(
    [tls.ca, tls.cert, tls.key].map((path) => readFile(path, 'utf8')),
  );
  return { host, port, protocol: 'https', ca, cert, key, agent: ownConnections(new SecureAgent()) };
}

async function machineOf(
  docker: Docker,
): Promise<{ engineId: string; rootDir: string; machine: EngineMachine }> {
  const info = (await docker.info()) as {
    ID?: string;
    DockerRootDir: string;
    KernelVersion: string;
    Name: string;
    SecurityOptions?: readonly string[];
  };
  return {
    engineId: info.ID ?? '',
    rootDir: info.DockerRootDir,
    machine: {
      kernel: info.KernelVersion,
      hostname: info.Name,
      rootless: (info.SecurityOptions ?? []).some((option) => option.includes('rootless')),
    },
  };
}

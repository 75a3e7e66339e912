import type Docker from 'dockerode';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { messageOf } from '../../../shared/errors.js';
import type { DockerClient, DockerHost } from '../client.js';
import { textOf, UnusableEndpoint, type Endpoint } from './endpoint.js';
import type { EngineMemory } from './engine-memory.js';
import { reach, type Connection, type Reached } from './reach.js';
import { ContextStrategy } from './strategies/context.js';
import { DockerHostStrategy } from './strategies/docker-host.js';
import type { Candidate, Strategy, Surroundings } from './strategies/strategy.js';
import { UsualSocketsStrategy } from './strategies/usual-sockets.js';
import { anotherEngine, connectionLost, failureOf, noneAnswered, type Try } from './words.js';

export interface ConnectedClientOptions {
  /** Whose DOCKER_HOST, DOCKER_CONTEXT… are followed. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Milliseconds for a first answer; default 5000. */
  readonly helloMs?: number;
  /** Milliseconds for an answer to a plain question later; default 30 000. */
  readonly answerMs?: number;
  /** Milliseconds for a change, e.g. to start a container; default 120 000. */
  readonly changeMs?: number;
  /** Which engine to go on with after a restart of tfkd; if left out, whichever answers. */
  readonly memory?: EngineMemory;
}

/** A search that takes this long is not made again at once. */
const LONG_MS = 1_000;
const LONGEST_REST_MS = 30_000;
/** Of the time a search takes, how much longer the rest after it is. */
const REST_FACTOR = 5;

/**
 * The way to Docker, found when it is first needed, and looked for again after it was lost: a dockerd that is started later, or
 * comes back, is found. Once an engine has answered, only that one is looked for, and once something was made on it, also by
 * every later tfkd: this home's dynos are there and nowhere else.
 */
export class ConnectedClient implements DockerClient {
  private connecting: Promise<Connection> | null = null;
  private chosen: Candidate | null = null;
  private tries: readonly Try[] = [];
  private remembered: string | null = null;
  private readonly surroundings: Surroundings;

  constructor(private readonly options: ConnectedClientOptions) {
    const { env } = options;
    const readText = (path: string) => readFile(path, 'utf8');
    this.surroundings = { env, userHome: env['HOME'] ? env['HOME'] : homedir(), readText };
  }

  async api(): Promise<Docker> {
    return (await this.connection()).docker;
  }

  async host(): Promise<DockerHost> {
    return (await this.connection()).host;
  }

  /** What the newest search for Docker has tried, in order; searches first if none was made. Never rejects. */
  async attempts(): Promise<readonly Try[]> {
    await this.connection().catch(() => undefined);
    return this.tries;
  }

  private connection(): Promise<Connection> {
    this.connecting ??= this.search();
    return this.connecting;
  }

  /** Where it takes long to learn that nobody answers (a socket that hangs), callers wait for that now and then, not each time. */
  private search(): Promise<Connection> {
    const begun = performance.now();
    const searching = this.connect();
    const forget = () => {
      if (this.connecting === searching) this.connecting = null;
    };
    searching.catch(() => {
      const tookMs = performance.now() - begun;
      if (tookMs < LONG_MS) forget();
      else setTimeout(forget, Math.min(LONGEST_REST_MS, tookMs * REST_FACTOR)).unref();
    });
    return searching;
  }

  private async connect(): Promise<Connection> {
    const tries: Try[] = [];
    this.tries = tries;
    for (const candidate of await this.candidates(tries)) {
      const reached = await this.unlessAnother(await this.reach(candidate.endpoint));
      const failure = 'failure' in reached ? reached.failure : null;
      tries.push({ source: candidate.source, endpoint: textOf(candidate.endpoint), failure });
      if ('connection' in reached) {
        this.chosen = candidate;
        return reached.connection;
      }
    }
    throw noneAnswered(tries);
  }

  private reach(endpoint: Endpoint): Promise<Reached> {
    const { helloMs = 5_000, answerMs = 30_000, changeMs = 120_000 } = this.options;
    return reach(
      endpoint,
      { helloMs, answerMs, changeMs },
      {
        explain: (error) => this.explain(endpoint, error),
        made: (engineId) => this.remember(engineId),
      },
    );
  }

  private async unlessAnother(reached: Reached): Promise<Reached> {
    const { memory } = this.options;
    if ('failure' in reached || !memory) return reached;
    const known = await memory.read();
    this.remembered = known;
    return known === null || known === reached.connection.engineId
      ? reached
      : { failure: anotherEngine(memory.place) };
  }

  /** What cannot be written now is tried again with the next thing that is made. */
  private remember(engineId: string): void {
    const { memory } = this.options;
    if (!memory || engineId === '' || this.remembered === engineId) return;
    this.remembered = engineId;
    memory.write(engineId).catch(() => (this.remembered = null));
  }

  /** Those of the first way that applies: whoever names an engine wants that one, or none. */
  private async candidates(tries: Try[]): Promise<readonly Candidate[]> {
    if (this.chosen) return [this.chosen];
    for (const strategy of strategies()) {
      try {
        const found = await strategy.find(this.surroundings);
        if (found) return found;
      } catch (error) {
        tries.push(unusable(strategy, error));
        return [];
      }
    }
    return [];
  }

  /** Every request's error comes through here: one that tells of a lost connection ends it. */
  private explain(endpoint: Endpoint, error: Error): Error {
    const failure = failureOf(error);
    if (!failure) return error;
    this.connecting = null;
    return connectionLost(textOf(endpoint), failure, error);
  }
}

const strategies = (): readonly Strategy[] => [
  new DockerHostStrategy(),
  new ContextStrategy(),
  new UsualSocketsStrategy(),
];

function unusable({ name }: Strategy, error: unknown): Try {
  if (!(error instanceof UnusableEndpoint)) throw error;
  return {
    source: name,
    endpoint: null,
    failure: { reason: messageOf(error), hint: error.hint, weight: 4 },
  };
}

import { chooseApp, requiredApp, type AppChoice } from './app-name.js';
import { Client } from './client/client.js';
import { endpointOf } from './client/endpoint.js';
import type { Config } from './config.js';
import type { Output } from './output/output.js';

/** Where the parts of tfk lie that the CLI starts or reads. */
export interface Installation {
  /** The compiled daemon/main.js. */
  readonly daemon: string;
  /** The compiled cli/main.js: this very program. */
  readonly program: string;
  readonly root: string;
  readonly version: string;
}

export interface Surroundings {
  readonly config: Config;
  readonly output: Output;
  readonly stdin: NodeJS.ReadStream;
  readonly installation: () => Installation;
  readonly now: () => Date;
  readonly signals: Signals;
}

/** The signals of this process. */
export interface Signals {
  on(name: NodeJS.Signals, listener: () => void): unknown;
  off(name: NodeJS.Signals, listener: () => void): unknown;
}

/** What a command works with: all that it may touch of the world. */
export class Context {
  readonly config: Config;
  readonly output: Output;
  readonly stdin: NodeJS.ReadStream;
  #client: Client | null = null;

  constructor(private readonly surroundings: Surroundings) {
    this.config = surroundings.config;
    this.output = surroundings.output;
    this.stdin = surroundings.stdin;
  }

  get installation(): Installation {
    return this.surroundings.installation();
  }

  now(): Date {
    return this.surroundings.now();
  }

  /** Listens to a signal until the answered function is called. */
  onSignal(name: NodeJS.Signals, listener: () => void): () => void {
    this.surroundings.signals.on(name, listener);
    return () => void this.surroundings.signals.off(name, listener);
  }

  /** Does the work; on Ctrl-C the work is left alone and what `left` says is thrown. */
  async untilInterrupted<T>(work: () => Promise<T>, left: () => Error): Promise<T> {
    let stop = (): void => undefined;
    const interrupted = new Promise<never>((_, reject) => {
      stop = this.onSignal('SIGINT', () => reject(left()));
    });
    try {
      return await Promise.race([work(), interrupted]);
    } finally {
      stop();
    }
  }

  /** tfkd, started when none runs for this home. One that is reached over TCP is another's to start. */
  get client(): Client {
    const revive = this.config.remote === null ? () => this.startDaemon() : null;
    this.#client ??= new Client(endpointOf(this.config), 'tfk-cli', revive, (text) => this.output.warn(text));
    return this.#client;
  }

  async startDaemon(): Promise<void> {
    const { startDaemon } = await import('./client/daemon.js');
    const { home, env } = this.config;
    await this.output.action('Starting tfkd', () =>
      startDaemon({ home, env, program: this.installation.daemon }),
    );
  }

  /** The app that is meant: option, $TFK_APP, `.tfk/app`, git remote. Throws UsageError that tells these ways. */
  app(option: string | undefined): string {
    return requiredApp({ option, environment: this.config.app, folder: this.config.cwd }).name;
  }

  /** The same for a folder, null when nothing names one. */
  appOfFolder(option: string | undefined, folder: string): AppChoice | null {
    return chooseApp({ option, environment: this.config.app, folder });
  }

  /** The API path of the app that is meant. */
  appPath(option: string | undefined): string {
    return pathOfApp(this.app(option));
  }

  async close(): Promise<void> {
    await this.#client?.close();
  }
}

export function pathOfApp(app: string): string {
  return `/apps/${encodeURIComponent(app)}`;
}

/** Ours, beyond Heroku's. */
export function tfkPathOfApp(app: string): string {
  return `/tfk${pathOfApp(app)}`;
}

import type { Readable, Writable } from 'node:stream';

/**
 * Backing services as containers, each with one volume that outlives everything but `remove`: what add-ons are made of where
 * there is Docker. All calls may be repeated, and go on where a cut-off one stopped; those for one service are made one after
 * the other. An engine that cannot be reached rejects with a TfkError `unavailable`. Containers, volumes and networks of others
 * are never touched, whatever they are called: a name that is taken is a `conflict`.
 */
export interface ServiceHost {
  /** What an image says of itself; null: it is not on this machine. */
  image(reference: string): Promise<ServiceImage | null>;
  /** Fetches an image. Rejects with `unavailable` in the registry's own words, and when the signal aborts. */
  pull(reference: string, progress: (text: string) => void, signal: AbortSignal): Promise<void>;
  /**
   * Brings the service to what the spec says: volume, container, networks of the apps it serves. Resolves when its process runs
   * (not: is ready). A container that runs as the spec says is kept, also when its image's name means a newer image by now; any
   * other is made anew over the same volume. The image must be on this machine, unless the container runs.
   */
  ensure(spec: ServiceSpec): Promise<void>;
  /** Null: there is no such container. */
  state(id: string): Promise<ServiceState | null>;
  /** Is its volume still there? */
  hasData(id: string): Promise<boolean>;
  /** The host's ports of all services, also of those that do not run. */
  hostPorts(): Promise<ReadonlySet<number>>;
  /** Runs a program inside the running service, and waits for its end. */
  run(id: string, program: ServiceProgram): Promise<ProgramResult>;
  /** The same at the pace of its streams, however long it takes; `output` of the result is what it wrote to stderr. */
  stream(id: string, program: StreamedProgram): Promise<ProgramResult>;
  /** The newest lines it printed, for error messages; at most 20. */
  lastLines(id: string): Promise<readonly string[]>;
  /** What the image asks for (else SIGTERM), then SIGKILL after `graceMs`; container and volume stay. */
  stop(id: string, graceMs: number): Promise<void>;
  /** Container and volume, for ever. */
  remove(id: string): Promise<void>;
  /** Are the host's ports, as specs have them, ports of this machine? Not where the engine runs on another one. */
  isHere(): Promise<boolean>;
  /** The address by which any container reaches this machine; null: there is none, the engine runs elsewhere. */
  hostAddress(): Promise<string | null>;
}

export interface ServiceImage {
  readonly env: Readonly<Record<string, string>>;
  /** Where it wants volumes. */
  readonly volumes: readonly string[];
}

export interface ServiceSpec {
  /** The add-on's id; names container and volume. */
  readonly id: string;
  /** E.g. `postgres:15`. */
  readonly image: string;
  /** Null: the image's own. */
  readonly command: readonly string[] | null;
  /** Secrets are given by files, not here: `docker inspect` shows this. */
  readonly env: Readonly<Record<string, string>>;
  /** Absolute path in the container → content, written before each start; everybody in the container may read it. */
  readonly files: Readonly<Record<string, string>>;
  /** Where its volume is mounted. */
  readonly dataPath: string;
  /** The port it listens on inside. */
  readonly port: number;
  /** The port of 127.0.0.1 by which the host's own programs reach it; kept for life. */
  readonly hostPort: number;
  /** The name by which dynos of the apps find it. */
  readonly alias: string;
  /** Ids of the apps whose dynos reach it; it leaves the networks of others. */
  readonly apps: readonly string[];
  readonly memoryBytes: number;
}

export interface ServiceState {
  readonly running: boolean;
  /** How often it ended by itself and was started again since its container was made. */
  readonly restarts: number;
}

export interface ServiceProgram {
  readonly command: readonly string[];
  /** Its stdin: where secrets belong. */
  readonly input: string;
}

export interface StreamedProgram {
  readonly command: readonly string[];
  readonly input: Readable | null;
  /** Takes its stdout, and is not ended; where a write fails, that is what `stream` rejects with. */
  readonly output: Writable | null;
  /** Aborts: it is no longer listened to. Who started it sees to it that it ends. */
  readonly signal: AbortSignal;
}

export interface ProgramResult {
  readonly exitCode: number;
  /** What it wrote to stdout and stderr; the first 64 KiB. */
  readonly output: string;
}

import type { Attachment } from './engine.js';

/**
 * Backing services as containers, each with one volume that outlives everything but `remove`: what add-ons are made of where
 * there is Docker. All calls may be repeated, and go on where a cut-off one stopped. An engine that cannot be reached rejects
 * with a TfkError `unavailable`.
 */
export interface ServiceHost {
  /**
   * Brings the service to what the spec says: image (pulled when missing), volume, container, networks of the apps it serves.
   * Resolves when its process runs (not: is ready). A container that runs already is kept, unless its image, environment or
   * command differ.
   */
  ensure(spec: ServiceSpec, progress: (text: string) => void): Promise<ServiceState>;
  /** Null: there is no such container. */
  state(id: string): Promise<ServiceState | null>;
  /** Is its volume still there? */
  hasData(id: string): Promise<boolean>;
  /** Runs a program inside the running service, e.g. `pg_dump`; stdin may be piped. */
  exec(id: string, command: readonly string[], env: Readonly<Record<string, string>>): Promise<Attachment>;
  /** The newest lines it printed, for error messages; at most 20. */
  lastLines(id: string): Promise<readonly string[]>;
  /** SIGTERM (or what the image asks for), then SIGKILL after `graceMs`; container and volume stay. */
  stop(id: string, graceMs: number): Promise<void>;
  /** Container and volume, for ever. */
  remove(id: string): Promise<void>;
}

export interface ServiceSpec {
  /** The add-on's id; names container and volume. */
  readonly id: string;
  /** For people: `docker ps`. */
  readonly name: string;
  /** E.g. `postgres:15`. */
  readonly image: string;
  /** Null: the image's own. */
  readonly command: readonly string[] | null;
  /** Secrets are given by files, not here: `docker inspect` shows this. */
  readonly env: Readonly<Record<string, string>>;
  /** Absolute path in the container → content, written before the start, readable by the service alone. */
  readonly files: Readonly<Record<string, string>>;
  /** Where its volume is mounted. */
  readonly dataPath: string;
  /** The port it listens on inside. */
  readonly port: number;
  /** The loopback port of the host by which the host's own programs reach it; kept for life. */
  readonly hostPort: number;
  /** The name by which dynos of the apps find it. */
  readonly alias: string;
  /** Ids of the apps whose dynos reach it; it leaves the networks of others. */
  readonly apps: readonly string[];
  readonly memoryBytes: number;
}

export interface ServiceState {
  readonly running: boolean;
  /** Of the last end; null while it runs, or was never started. */
  readonly exitCode: number | null;
}

import type { Readable, Writable } from 'node:stream';
import type { BuildpackRelease } from '../../buildpacks/classic/release.js';
import type { BuildPlan } from '../../buildpacks/plan.js';

/**
 * The contract of an engine: where builds and dynos really happen. No type of a vendor's library passes through it, what it
 * hands out survives a restart of tfkd as JSON, and test/contract runs one suite against every engine.
 *
 * Unless a method says otherwise: it may be called at any time and concurrently for different dynos, calls for one dyno are
 * made one after the other, and a call that was cut off by a crash may be repeated. An engine that cannot be reached (dockerd
 * is down) rejects with a TfkError `unavailable`, which says nothing of the dynos: they may well run.
 */
export interface Engine extends BuildEngine, DynoEngine {
  readonly capabilities: EngineCapabilities;

  /** Facts for `tfk doctor`; never throws, an engine that cannot work says so in them. */
  examine(): Promise<EngineFact[]>;
}

/** Makes artifacts of sources. */
export interface BuildEngine {
  readonly name: EngineName;

  /**
   * What the plan's steps would run on now, as short as it tells two of them apart: `v20.20.2`, the id of a base image. The
   * same source is built anew where this differs. Never fetches anything.
   */
  runtimeOf(plan: BuildPlan): Promise<string>;
  /**
   * Executes a plan over an unpacked source. The app's own failure (a failing command, a time-out, a limit) is a result;
   * only the engine's own failure is thrown. The same inputs give the same artifact. Nothing is left behind on failure.
   */
  build(request: BuildRequest): Promise<BuildResult>;
  /** Is the artifact still there, whole? False after a garbage collection or on another engine. */
  hasArtifact(artifact: Artifact): Promise<boolean>;
  /**
   * The artifact's files as a tar archive of the folder `./app`, which whoever asked reads to its end or destroys. Rejects with
   * a TfkError where the artifact is gone, or is of another kind than files.
   */
  pack(artifact: Artifact): Promise<Readable>;
  /**
   * An image that is there already, by name, digest or whole id, for an app to run; null where there is none, and where it is
   * another app's slug. Never fetches anything.
   */
  imageOf(ref: string, appId: string): Promise<LocalImage | null>;
  /** Removes what no longer serves any artifact of `keep`, of this home only. Resolves to the bytes freed. */
  collectGarbage(keep: readonly Artifact[]): Promise<number>;
  /** Forgets what tools keep between an app's builds; the next one downloads anew. */
  purgeCache(appId: string): Promise<void>;
  /** Removes what is kept for an app that is gone, beyond its artifacts: caches, its network. */
  forgetApp(appId: string): Promise<void>;
}

/** Runs dynos of artifacts. */
export interface DynoEngine {
  /**
   * Starts one dyno, and resolves as soon as its process runs (not: is ready). A second start with the same `instance`
   * answers the handle of the first. Rejects with TfkError-like text when the command cannot be started at all.
   */
  start(spec: DynoSpec): Promise<DynoHandle>;
  /** All that carries this home's label: also what no row of the store knows. */
  list(): Promise<ObservedDyno[]>;
  /** Calls back (at least once) after any dyno's state changed; the reader then calls list(). Answers the unsubscription. */
  watch(changed: () => void): () => void;
  /** To the dyno's whole process group. Without effect on a dyno that is gone. */
  signal(handle: DynoHandle, signal: DynoSignal): Promise<void>;
  /**
   * Frees everything that an exited dyno holds: port, folder, container. A dyno that still runs is killed first.
   * Unread log lines go with it: call it when followLogs has ended.
   */
  remove(handle: DynoHandle): Promise<void>;

  /**
   * Delivers the dyno's lines from the cursor on (null: from its start), in order per stream, each exactly once as long as
   * the caller keeps the last cursor whose batch it committed. `deliver` is awaited before the next batch, and when it has
   * resolved the engine may forget what lies before that batch's cursor. Resolves when the dyno has exited and all its lines
   * were delivered, or when the signal aborts; delivers nothing after that.
   */
  followLogs(
    handle: DynoHandle,
    cursor: string | null,
    deliver: (batch: LogBatch) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void>;

  /** The stdio of a one-off dyno that was started with `stdio: 'attached'`; once per dyno. */
  attach(handle: DynoHandle): Promise<Attachment>;
  /** A further process inside a running dyno: its folder, its environment, its limits. */
  exec(handle: DynoHandle, request: ExecRequest): Promise<Attachment>;

  /** Memory now, and the TCP ports on which the dyno's processes listen; null where the engine cannot tell. */
  inspect(handle: DynoHandle): Promise<DynoUsage>;
}

export type EngineName = 'process' | 'docker' | 'swarm' | 'fake';

export interface EngineCapabilities {
  /** Can it build from a Dockerfile, or run an image? */
  readonly images: boolean;
  /** How dynos are kept apart from each other and from tfkd: `none` is said aloud in `tfk doctor`. */
  readonly isolation: 'container' | 'user' | 'none';
  /** Are memory and pids limits enforced? */
  readonly limits: boolean;
}

export interface EngineFact {
  /** E.g. `isolation`, `node`, `pty`. */
  readonly name: string;
  readonly status: 'ok' | 'warning' | 'failed';
  readonly detail: string;
  readonly hint?: string;
}

/** What a build leaves: opaque to all but its engine, and stored with the slug. */
export interface Artifact {
  readonly engine: EngineName;
  /** Content-addressed: the same content has the same id. */
  readonly id: string;
  /** Bytes, as a user would count them. */
  readonly size: number;
}

export interface BuildRequest {
  readonly appId: string;
  readonly buildId: string;
  readonly plan: BuildPlan;
  /** The unpacked, validated source; the engine may read it until build() has resolved, and never changes it. */
  readonly sourceDir: string;
  /** Files of the app by which its process types begin: the result says which of them no dyno could start. */
  readonly programs?: readonly string[];
  /** Build environment beyond the plan's: CA bundle, proxy settings. Never the app's config vars. */
  readonly env: Readonly<Record<string, string>>;
  /**
   * The config vars that the plan names in `buildConfig`: for steps that see the whole source, for others as far as they name
   * them, and build arguments; to classic buildpacks they are files of one folder.
   */
  readonly config: Readonly<Record<string, string>>;
  /** The same for the same config vars, of which it tells nothing: what is kept of a build is known by this. */
  readonly configKey: (config: Readonly<Record<string, string>>) => string;
  /** The folders of the plan's classic buildpacks, by digest; read only, as the source is. */
  readonly buildpacks?: ReadonlyMap<string, string>;
  /** What the pusher calls this source, for classic buildpacks: a commit. The slug may not depend on it. */
  readonly sourceVersion?: string | null;
  readonly limits: { readonly timeoutMs: number; readonly slugBytes: number; readonly outputBytes: number };
  /** Build output in Heroku's style, line by line, without the newline. */
  readonly output: BuildOutput;
  readonly signal: AbortSignal;
}

export interface BuildOutput {
  /** `-----> text` */
  step(text: string): void;
  /** Seven blanks, then the text: details, and what the commands print. */
  detail(text: string): void;
  /** ` !     text` */
  warning(text: string): void;
}

/** A program that was asked for, and why nothing can run it. */
export interface Unstartable {
  readonly path: string;
  readonly why: 'missing' | 'not executable';
}

export type BuildResult =
  | {
      readonly ok: true;
      readonly artifact: Artifact;
      readonly image: ImageFacts | null;
      /** What a classic buildpack said of running the slug; the same as long as the artifact is. */
      readonly release?: BuildpackRelease | null;
      /** As far as the engine knows. */
      readonly unstartable?: readonly Unstartable[];
    }
  | {
      readonly ok: false;
      /** `detect`: the source is not the classic buildpack's that was to build it. */
      readonly reason: 'detect' | 'command' | 'timeout' | 'limit' | 'cancelled' | 'runtime';
      readonly message: string;
      /** What to type next. */
      readonly hint?: string | undefined;
    };

/** An image of the engine's own, whoever made it. */
export interface LocalImage {
  /** `sha256:…` */
  readonly id: string;
  readonly architecture: string;
  /** As ImageFacts.command. */
  readonly command: string | null;
  /** Has it ONBUILD instructions, which run in whatever is built of it? */
  readonly hasTriggers: boolean;
}

/** What an image brings along, where the source brought a Dockerfile; all of it stands below Procfile and app.json. */
export interface ImageFacts {
  /**
   * Its ENTRYPOINT and CMD as one line of shell, for the eyes and for `web` where nothing else names it. A dyno whose command
   * is this very line runs the image as it is, without a shell. Null: it has none.
   */
  readonly command: string | null;
  /** Its HEALTHCHECK; the engine itself does not run it. */
  readonly healthcheck: { readonly command: string | readonly string[]; readonly timeoutMs: number } | null;
}

export interface DynoSpec {
  /** Unique for ever: one start of one dyno. */
  readonly instance: string;
  readonly labels: DynoLabels;
  /** As the app is called now; for people's eyes, not for finding anything. */
  readonly appName: string;
  readonly artifact: Artifact;
  /** The user's own command; runs under a shell in the app's root. */
  readonly command: string;
  /** The whole environment but PORT, PATH, HOME and TMPDIR, which the engine adds. */
  readonly env: Readonly<Record<string, string>>;
  /** Whether the dyno gets a PORT; its address is then in the handle. */
  readonly port: boolean;
  readonly limits: DynoLimits;
  /** A small number of the app's own, never reused: what the engine derives the app's user id from. */
  readonly appNumber: number;
  /** `logged`: stdin is empty, output goes to followLogs. `attached`: all three go to attach(). */
  readonly stdio: 'logged' | 'attached';
  /** A terminal for an attached dyno; null for plain pipes with stdout and stderr apart. */
  readonly terminal: TerminalSize | null;
}

export interface DynoLabels {
  readonly appId: string;
  /** `web.1`, `run.4711`, `release.3`. */
  readonly dyno: string;
  readonly releaseVersion: number;
}

export interface DynoLimits {
  readonly memoryBytes: number;
  /** Share of CPU time relative to others: 1 is usual. */
  readonly cpuWeight: number;
  readonly pids: number;
}

export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** All that tfkd needs to find the dyno again after a restart; plain JSON, stored in the dyno's row. */
export interface DynoHandle {
  readonly engine: EngineName;
  readonly version: 1;
  readonly instance: string;
  /** Where the dyno listens once it does; null for a dyno without PORT. */
  readonly address: DynoAddress | null;
  /** The engine's own. */
  readonly data: Readonly<Record<string, string | number | boolean | null>>;
}

export interface DynoAddress {
  readonly host: string;
  readonly port: number;
  /** Does something accept connections there in the dyno's place? Then one proves nothing until it has lasted. */
  readonly relayed: boolean;
}

export interface ObservedDyno {
  readonly handle: DynoHandle;
  readonly labels: DynoLabels;
  readonly state: ObservedState;
}

/** `unknown` is not death: the dyno is kept, and no second one is started in its place. */
export type ObservedState =
  | { readonly kind: 'running' }
  | { readonly kind: 'exited'; readonly exit: DynoExit }
  | { readonly kind: 'unknown'; readonly reason: string };

export interface DynoExit {
  /** 0 to 255 (128 + signal for a signal); null where the code was lost (the supervisor itself was killed). */
  readonly code: number | null;
  readonly outOfMemory: boolean;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

export type DynoSignal = 'SIGTERM' | 'SIGKILL' | 'SIGINT' | 'SIGHUP' | 'SIGQUIT' | 'SIGUSR1' | 'SIGUSR2';

export interface LogBatch {
  readonly lines: readonly DynoLine[];
  /** Where to go on after these lines. */
  readonly cursor: string;
  /** Bytes that the dyno wrote and that nobody can read any more (a full segment budget), before these lines. */
  readonly lostBytes: number;
}

export interface DynoLine {
  /** Microseconds since the epoch, if the engine knows when the line was written; null: the collector stamps it. */
  readonly time: number | null;
  readonly stream: 'stdout' | 'stderr';
  /** Without its newline, at most 10 000 bytes of UTF-8; longer lines come in pieces, as on Heroku. */
  readonly text: string;
}

/** The live stdio of a process. Both ends may end in any order. */
export interface Attachment {
  readonly stdin: Writable;
  readonly stdout: Readable;
  /** Null with a terminal, where stderr is part of stdout. */
  readonly stderr: Readable | null;
  resize(size: TerminalSize): Promise<void>;
  signal(signal: DynoSignal): Promise<void>;
  /** Resolves after all output was delivered. */
  readonly exited: Promise<DynoExit>;
  /** The client is gone: SIGHUP, and what still lives 10 s later is killed (Heroku's R16). */
  close(): void;
}

export interface ExecRequest {
  readonly command: string;
  readonly env: Readonly<Record<string, string>>;
  readonly terminal: TerminalSize | null;
}

export interface DynoUsage {
  readonly memoryBytes: number | null;
  readonly listening: readonly number[] | null;
}

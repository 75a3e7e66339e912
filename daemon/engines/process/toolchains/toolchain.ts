import type { Language } from '../../../../buildpacks/plan.js';

/** A language as this machine has it. */
export interface Toolchain {
  /** `3.11.2` */
  readonly version: string;
  /** Folders for the front of PATH; empty where the usual PATH has it. */
  readonly path: readonly string[];
  /** What its tools want to be told. */
  readonly env: Readonly<Record<string, string>>;
}

/** Where to look. */
export interface Places {
  /** Folders of the PATH that tfkd was started with. */
  readonly path: readonly string[];
  readonly home: string;
  /** JAVA_HOME, PYENV_ROOT and the like. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The Node.js that runs tfkd. */
  readonly nodePath: string;
}

/** How one language is found on a machine. */
export interface ToolchainFinder {
  /** `Python` */
  readonly humanName: string;
  /** Programs that may be it, the preferred first; they need not be there. */
  candidates(places: Places): Promise<readonly string[]>;
  /** What that program is; null: nothing of use. Runs it, with a time limit. */
  look(program: string, places: Places): Promise<Toolchain | null>;
  /** Must dynos have it too, which may run as other users? */
  readonly atLaunch: boolean;
  /** Does it fetch another version of itself where a source asks for one? */
  readonly fetchesOthers?: (version: string) => boolean;
  /** What to install where there is none. */
  readonly install: string;
}

export type Finders = Readonly<Partial<Record<Language, ToolchainFinder>>>;

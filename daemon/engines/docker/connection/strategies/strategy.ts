import type { Endpoint } from '../endpoint.js';

/** One way to learn where Docker is. Reads the environment and files only; connecting is done by whoever asks. */
export interface Strategy {
  /** Null: this way does not apply here. Throws where it applies and names nothing usable. */
  find(surroundings: Surroundings): Promise<readonly Candidate[] | null>;
  /** For what was tried, e.g. `DOCKER_HOST`. */
  readonly name: string;
}

export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The home folder of the user tfkd runs as. */
  readonly userHome: string;
  /** Rejects as readFile does. */
  readonly readText: (path: string) => Promise<string>;
}

export interface Candidate {
  readonly endpoint: Endpoint;
  /** Who named it, e.g. `DOCKER_HOST`. */
  readonly source: string;
}

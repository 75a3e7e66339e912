import type Docker from 'dockerode';

/** How the parts of this engine reach dockerd; one for all of them. */
export interface DockerClient {
  /** dockerode at the endpoint that answers. Rejects with a TfkError `unavailable` which says what was tried. */
  api(): Promise<Docker>;
  /** What that endpoint is. Rejects as `api` does. */
  host(): Promise<DockerHost>;
}

export interface DockerHost {
  /** E.g. `unix:///var/run/docker.sock`. */
  readonly endpoint: string;
  /** Of the engine, e.g. `20.10.24`. */
  readonly version: string;
  /** The API version in use, `[major, minor]`. */
  readonly api: readonly [number, number];
  /** `amd64`, `arm64`. */
  readonly architecture: string;
  /** The engine's data folder, as the engine sees it. */
  readonly rootDir: string;
  /**
   * Is dockerd on this very kernel? Then container addresses are reached without published ports, and its processes seen
   * in /proc. False for a remote engine and for Docker Desktop's virtual machine.
   */
  readonly local: boolean;
}

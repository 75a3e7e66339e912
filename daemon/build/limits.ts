import type { ReadingLimits } from './source-reader.js';
import type { UnpackLimits } from './unpack/report.js';

/** What one build may take. All are checked where the work is done, and each has its own message. */
export interface BuildLimits {
  /** Bytes of the tarball as it is received. */
  readonly sourceBytes: number;
  /** Bytes of the unpacked tree. */
  readonly unpackedBytes: number;
  /** Entries of the tarball: files, folders and links. */
  readonly sourceFiles: number;
  /** Milliseconds for unpacking. */
  readonly unpackMs: number;
  /** For what reads the unpacked tree: its files of patterns, manifests and lock files, and its hash. */
  readonly reading: ReadingLimits;
  /** Milliseconds for all steps of a build together. */
  readonly timeoutMs: number;
  readonly slugBytes: number;
  /** Bytes of build output that are kept; a build that writes far beyond is ended. */
  readonly outputBytes: number;
  /** Bytes of output after which a build is ended as a flood. */
  readonly floodBytes: number;
  /** Builds of all apps that run at once. */
  readonly concurrency: number;
  /** Bytes that stay free on the disk: a push that would go below is refused. */
  readonly reserveBytes: number;
}

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;

/** The limits that are no setting; the time of a build is one. */
export const FIXED_LIMITS: Omit<BuildLimits, 'timeoutMs'> = {
  sourceBytes: 512 * MIB,
  unpackedBytes: GIB,
  sourceFiles: 100_000,
  unpackMs: 120_000,
  reading: { milliseconds: 60_000, memoryMegabytes: 512 },
  slugBytes: GIB,
  outputBytes: 10 * MIB,
  floodBytes: 100 * MIB,
  concurrency: 2,
  reserveBytes: 256 * MIB,
};

/** What one classic buildpack may be, and how long it may take to be fetched. */
export const BUILDPACK_LIMITS: UnpackLimits = { bytes: 256 * MIB, entries: 20_000, milliseconds: 120_000 };

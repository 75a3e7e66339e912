import * as go from './go/locked-versions.js';
import { readPom } from './java/pom.js';
import * as node from './node/locked-versions.js';
import * as python from './python/locked-versions.js';
import * as rust from './rust/locked-versions.js';

type Reader = (text: string) => Record<string, string>;

/** Those that tell packages with their versions; of several in a source the first counts. */
const READERS: ReadonlyMap<string, Reader> = new Map([
  ...node.LOCK_FILES.map((file): [string, Reader] => [file, (text) => node.lockedVersions(file, text)]),
  ...python.LOCK_FILES.map((file): [string, Reader] => [file, (text) => python.lockedVersions(file, text)]),
  ['go.mod', go.lockedVersions],
  ['Cargo.lock', rust.lockedVersions],
  ['pom.xml', (text) => readPom(text).dependencies],
]);

export const LOCK_FILES: readonly string[] = [...READERS.keys()];

/** Package → locked version; nothing for a file that is no lock file. */
export const lockedVersions = (file: string, text: string): Record<string, string> =>
  READERS.get(file)?.(text) ?? {};

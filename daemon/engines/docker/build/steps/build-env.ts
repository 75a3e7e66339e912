import { readFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../../../../shared/errors.js';
import { BUILD } from './container-options.js';

/** The build environment as a container can use it: it sees none of the host's files. */
export interface HandedOver {
  readonly env: Readonly<Record<string, string>>;
  /** Content of files by their path from the container's root. */
  readonly files: ReadonlyMap<string, Buffer>;
  readonly warnings: readonly string[];
}

/** A folder of certificates has a few hundred files. */
const MOST_FILES = 2000;
const MOST_BYTES = 32 * 1024 * 1024;

/** Gives containers copies of the host's files and folders that variables name (CA bundles), and changes the variables. */
export async function handOver(env: Readonly<Record<string, string>>): Promise<HandedOver> {
  const copied = new Map<string, string>();
  const files = new Map<string, Buffer>();
  const warnings: string[] = [];
  const result: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (!value.startsWith('/')) {
      result[name] = value;
      if (isLoopbackProxy(value)) warnings.push(unreachable(name));
      continue;
    }
    const target = copied.get(value) ?? `${BUILD}/host/${copied.size}`;
    const problem = copied.has(value) ? null : await copyIn(value, target.slice(1), files);
    if (problem === null) {
      copied.set(value, target);
      result[name] = target;
    } else warnings.push(`${name} is not passed on to the build: ${value} ${problem}.`);
  }
  return { env: result, files, warnings };
}

/** Null, or why it cannot be. */
async function copyIn(from: string, to: string, files: Map<string, Buffer>): Promise<string | null> {
  try {
    for (const [path, content] of await contentsOf(from, to)) files.set(path, content);
    return null;
  } catch (error) {
    if (error instanceof TooMuch) return 'is too large for a certificate store';
    return codeOf(error) === 'ENOENT' ? 'does not exist' : 'cannot be read';
  }
}

class TooMuch extends Error {}

/** A file, or the files of a folder with the links among them followed: what they point to need not be in the folder. */
async function contentsOf(from: string, to: string): Promise<Map<string, Buffer>> {
  const found = await stat(from);
  if (found.isFile() && found.size <= MOST_BYTES) return new Map([[to, await readFile(from)]]);
  if (!found.isDirectory()) throw new TooMuch();
  const names = await readdir(from);
  if (names.length > MOST_FILES) throw new TooMuch();
  const contents = new Map<string, Buffer>();
  let bytes = 0;
  for (const name of names) {
    const file = await stat(join(from, name)).catch(() => null);
    if (!file?.isFile()) continue;
    bytes += file.size;
    if (bytes > MOST_BYTES) throw new TooMuch();
    contents.set(`${to}/${name}`, await readFile(join(from, name)));
  }
  return contents;
}

const isLoopbackProxy = (value: string): boolean =>
  /^[a-z0-9]+:\/\/([^@/]*@)?(localhost|127\.[0-9.]+|\[::1\])(:|\/|$)/i.test(value);

const unreachable = (name: string): string =>
  `${name} is an address of this machine's loopback, which a build container cannot reach: let the proxy listen on another address too.`;

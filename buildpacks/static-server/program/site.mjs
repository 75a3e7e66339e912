// @ts-check
/**
 * The files of a site are looked up once, at the start. Only what stands in that list can be asked for, so that no URL, however
 * it is written, leads anywhere else; and a request for what is not there touches no disk.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readdir, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';

/**
 * @typedef {object} Facts
 * @property {number} size
 * @property {string} etag
 * @property {Date | null} modified null where the disk does not know
 * @property {Buffer | null} bytes of a small file; others are streamed
 */

const MOST_FILES = 200_000;

/** Files up to that size are kept in memory once somebody asked for them, until the budget of all is used up. */
const SMALL = 256 * 1024;
const budget = { left: 48 * 1024 * 1024 };
/** Beyond, an ETag by content would let the first reader wait. */
const HASHED = 64 * 1024 * 1024;
/** Slugs that were moved between machines have this time on all their files. */
const NO_TIME = Date.parse('2000-01-02');

export class SiteFile {
  /** @type {Promise<Facts> | null} */
  #facts = null;

  /** @param {string} path on the disk */
  constructor(path) {
    this.path = path;
  }

  /**
   * @param {string} release tells versions of a file apart that is too large to be read for it
   * @returns {Promise<Facts>}
   */
  facts(release) {
    this.#facts ??= factsOf(this.path, release).catch((/** @type {unknown} */ error) => {
      this.#facts = null;
      throw error;
    });
    return this.#facts;
  }
}

/**
 * @param {string} root
 * @param {readonly string[]} hidden names in the root that are not of the site
 * @returns {Promise<Map<string, SiteFile>>} by the path of the URL: `/docs/index.html`
 */
export async function filesOf(root, hidden) {
  const top = await realpath(root);
  /** @type {Map<string, SiteFile>} */
  const files = new Map();
  /** @type {(folder: string, url: string, above: readonly string[]) => Promise<void>} */
  const walk = async (folder, url, above) => {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      if (isHidden(entry.name, url === '/' ? hidden : []) || files.size >= MOST_FILES) continue;
      const path = join(folder, entry.name);
      const place = entry.isSymbolicLink() ? await placeInside(path, top) : { path, kind: entry };
      if (place?.kind.isFile()) files.set(url + entry.name, new SiteFile(place.path));
      else if (place?.kind.isDirectory() && !above.includes(place.path))
        await walk(place.path, `${url}${entry.name}/`, [...above, place.path]);
    }
  };
  await walk(top, '/', [top]);
  return files;
}

/** @type {(name: string, hidden: readonly string[]) => boolean} */
const isHidden = (name, hidden) => (name.startsWith('.') && name !== '.well-known') || hidden.includes(name);

/** Where a link leads; null where that is out of the root, or nowhere. @type {(link: string, top: string) => Promise<{path: string, kind: import('node:fs').Stats} | null>} */
async function placeInside(link, top) {
  try {
    const path = await realpath(link);
    return path.startsWith(top + sep) ? { path, kind: await stat(path) } : null;
  } catch {
    return null;
  }
}

/** @type {(path: string, release: string) => Promise<Facts>} */
async function factsOf(path, release) {
  const handle = await open(path);
  try {
    const { size, mtime, mtimeMs } = await handle.stat();
    const modified = mtimeMs > NO_TIME ? mtime : null;
    if (size > HASHED)
      return { size, etag: `"${release}-${size.toString(16)}-${mtimeMs}"`, modified, bytes: null };
    if (size > SMALL || size > budget.left)
      return { size, etag: await digestOf(path), modified, bytes: null };
    const bytes = await handle.readFile();
    budget.left -= bytes.length;
    return { size: bytes.length, etag: quoted(createHash('sha256').update(bytes)), modified, bytes };
  } finally {
    await handle.close();
  }
}

/** @type {(path: string) => Promise<string>} */
async function digestOf(path) {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return quoted(hash);
}

/** @type {(hash: import('node:crypto').Hash) => string} */
const quoted = (hash) => `"${hash.digest('base64url').slice(0, 22)}"`;

import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, messageOf } from '../../shared/errors.js';
import { checkManifest, type Manifest } from './schema.js';

export interface BrokenManifest {
  readonly file: string;
  readonly problems: readonly string[];
}

export interface ReadManifests {
  readonly manifests: readonly Manifest[];
  readonly broken: readonly BrokenManifest[];
}

const LARGEST_BYTES = 64 * 1024;

/** The manifests of a folder, by the names of their files. Never rejects: what cannot be read is among the broken ones. */
export async function readManifests(folder: string, taken: readonly string[]): Promise<ReadManifests> {
  const manifests: Manifest[] = [];
  const broken: BrokenManifest[] = [];
  const names = new Set(taken);
  let files: string[] = [];
  try {
    files = (await readdir(folder)).filter((name) => name.endsWith('.json')).sort();
  } catch (error) {
    // Without the folder there are none.
    if (codeOf(error) !== 'ENOENT') broken.push({ file: folder, problems: [messageOf(error)] });
  }
  for (const file of files.map((name) => join(folder, name))) {
    const { manifest, problems } = await readManifest(file);
    if (manifest === null) broken.push({ file, problems });
    else if (names.has(manifest.name))
      broken.push({ file, problems: [`name: ${manifest.name} is the name of another service`] });
    else manifests.push(manifest);
    if (manifest) names.add(manifest.name);
  }
  return { manifests, broken };
}

async function readManifest(file: string): Promise<ReturnType<typeof checkManifest>> {
  try {
    const { size } = await stat(file);
    if (size > LARGEST_BYTES) return { manifest: null, problems: [`is larger than ${LARGEST_BYTES} bytes`] };
    return checkManifest(JSON.parse((await readFile(file, 'utf8')).replace(/^\uFEFF/, '')));
  } catch (error) {
    return { manifest: null, problems: [messageOf(error)] };
  }
}

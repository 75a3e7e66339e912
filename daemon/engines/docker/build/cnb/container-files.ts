import type Docker from 'dockerode';
import type { Readable } from 'node:stream';
import { pipeline as flow } from 'node:stream/promises';
import { extract } from 'tar-stream';
import { StepFailed } from '../../../build/step-failed.js';
import type { BuildContainers } from '../steps/containers.js';
import { statOf } from '../steps/stat.js';

/** Far more than what describes a layer. */
const MOST_BYTES = 1024 * 1024;

/** The text of a regular file in a container; null where there is none. Rejects with StepFailed for one that is too large. */
export async function fileIn(
  containers: Pick<BuildContainers, 'read'>,
  container: Docker.Container,
  path: string,
): Promise<string | null> {
  const stat = await statOf(container, path);
  if (stat?.kind !== 'file') return null;
  if (stat.size > MOST_BYTES) throw tooLarge(path);
  const archive = await containers.read(container, path);
  const entries = extract();
  // What fails here fails the entries, too.
  const reading = flow(archive, entries).catch(() => undefined);
  try {
    // The file of before may have become a larger one, or a folder of many.
    for await (const entry of entries)
      return entry.header.type === 'file' ? await textOf(entry as unknown as Readable, path) : null;
    return null;
  } finally {
    archive.destroy();
    await reading;
  }
}

async function textOf(entry: Readable, path: string): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of entry as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MOST_BYTES) throw tooLarge(path);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

const tooLarge = (path: string): StepFailed =>
  new StepFailed({
    ok: false,
    reason: 'limit',
    message: `The build left ${path} of more than 1 MiB, which is too much for what it describes.`,
  });

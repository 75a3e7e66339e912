import type Docker from 'dockerode';
import { buffer } from 'node:stream/consumers';
import { pipeline as flow } from 'node:stream/promises';
import { extract } from 'tar-stream';
import { StepFailed } from '../../../build/step-failed.js';
import type { BuildContainers } from '../steps/containers.js';
import { statOf } from '../steps/stat.js';

/** Far more than what describes a layer. */
const MOST_BYTES = 1024 * 1024;

/** The text of a regular file in a container; null where there is none. Rejects with StepFailed for one that is too large. */
export async function fileIn(
  containers: BuildContainers,
  container: Docker.Container,
  path: string,
): Promise<string | null> {
  const stat = await statOf(container, path);
  if (stat?.kind !== 'file') return null;
  if (stat.size > MOST_BYTES) {
    const message = `The build left ${path} of more than 1 MiB, which is too much for what it describes.`;
    throw new StepFailed({ ok: false, reason: 'limit', message });
  }
  const archive = await containers.read(container, path);
  const entries = extract();
  const texts: string[] = [];
  const reading = flow(archive, entries);
  const taking = async () => {
    for await (const entry of entries) {
      if (entry.header.type === 'file') texts.push((await buffer(entry)).toString());
      entry.resume();
    }
  };
  await Promise.all([reading, taking()]);
  return texts[0] ?? null;
}

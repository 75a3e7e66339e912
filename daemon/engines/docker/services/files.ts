import { buffer } from 'node:stream/consumers';
import { pack } from 'tar-stream';

/** The files as the archive that Docker unpacks at a container's `/`. */
export async function archiveOf(files: Readonly<Record<string, string>>): Promise<Buffer> {
  const archive = pack();
  for (const [path, content] of Object.entries(files))
    archive.entry({ name: path.replace(/^\/+/, ''), mode: 0o444 }, content);
  archive.finalize();
  return buffer(archive);
}

import type Docker from 'dockerode';
import type { IncomingMessage } from 'node:http';
import { unless } from '../../answers.js';

/** What is at a path of a container; links are not followed. */
export interface PathStat {
  readonly kind: 'file' | 'folder' | 'other';
  readonly size: number;
}

/** How Go's own file modes say what something is. */
const FOLDER_BIT = 2 ** 31;
/** Links, devices, pipes, sockets, and what else is no regular file. */
const OTHER_BITS = [27, 26, 25, 24, 21, 19].map((bit) => 2 ** bit);

/** Null where nothing is. */
export async function statOf(container: Docker.Container, path: string): Promise<PathStat | null> {
  const answer = await unless([404], container.infoArchive({ path }) as Promise<IncomingMessage>);
  if (answer === null) return null;
  answer.resume();
  const stat = String(answer.headers['x-docker-container-path-stat']);
  const { mode, size } = JSON.parse(Buffer.from(stat, 'base64').toString()) as { mode: number; size: number };
  if (mode >= FOLDER_BIT) return { kind: 'folder', size };
  const isOther = OTHER_BITS.some((bit) => Math.floor(mode / bit) % 2 === 1);
  return { kind: isOther ? 'other' : 'file', size };
}

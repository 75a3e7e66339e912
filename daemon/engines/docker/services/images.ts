import type Docker from 'dockerode';
import type { Clock } from '../../../shared/clock.js';
import { TfkError } from '../../../shared/errors.js';
import type { ServiceImage } from '../../service-host.js';
import { answerOf, unless } from '../answers.js';

const TELL_EVERY_MS = 10_000;
const MEGABYTE = 1_000_000;

export async function describeImage(docker: Docker, reference: string): Promise<ServiceImage | null> {
  const found = await unless([404], docker.getImage(reference).inspect());
  if (!found) return null;
  const { Env: env, Volumes: volumes } = found.Config as ImageConfig;
  const pairs = (env ?? []).map((line): [string, string] => {
    const at = line.indexOf('=');
    return [line.slice(0, at), line.slice(at + 1)];
  });
  return { env: Object.fromEntries(pairs), volumes: Object.keys(volumes ?? {}) };
}

/** As dockerd gives it: null where the image says nothing. */
interface ImageConfig {
  readonly Env?: readonly string[] | null;
  readonly Volumes?: Readonly<Record<string, unknown>> | null;
}

/** One event of a pull, of one of the image's layers. */
interface PullEvent {
  readonly id?: string;
  readonly status?: string;
  readonly progressDetail?: { readonly current?: number; readonly total?: number };
}

export async function pullImage(
  docker: Docker,
  reference: string,
  { clock, progress, signal }: { clock: Clock; progress: (text: string) => void; signal: AbortSignal },
): Promise<void> {
  progress(`Fetching the image ${reference} (once)`);
  const seen = new Fetched();
  let told = clock.now();
  const heed = (event: PullEvent) => {
    seen.add(event);
    if (clock.now() - told < TELL_EVERY_MS) return;
    told = clock.now();
    progress(`Fetched ${seen.text()}`);
  };
  try {
    const stream = await docker.pull(withTag(reference), { abortSignal: signal });
    await new Promise<void>((resolve, reject) =>
      docker.modem.followProgress(stream, (error) => (error ? reject(error) : resolve()), heed),
    );
  } catch (error) {
    throw new TfkError('unavailable', `The image ${reference} could not be fetched: ${answerOf(error)}`, {
      hint: `It is not on this machine either. Fetch it with: docker pull ${reference}`,
      cause: error,
    });
  }
}

/** Without a tag Docker would fetch every one there is. */
export function withTag(reference: string): string {
  return /(:[^/]+|@[^/]+)$/.test(reference) ? reference : `${reference}:latest`;
}

/** The bytes of all layers so far. */
class Fetched {
  private readonly layers = new Map<string, { readonly current: number; readonly total: number }>();

  add({ id, status, progressDetail }: PullEvent): void {
    if (id === undefined || status !== 'Downloading') return;
    const { current = 0, total = 0 } = progressDetail ?? {};
    this.layers.set(id, { current, total });
  }

  text(): string {
    const sum = (pick: 'current' | 'total') =>
      [...this.layers.values()].reduce((bytes, layer) => bytes + layer[pick], 0);
    return `${Math.round(sum('current') / MEGABYTE)} of ${Math.round(sum('total') / MEGABYTE)} MB`;
  }
}

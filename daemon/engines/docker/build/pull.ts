import type Docker from 'dockerode';
import type { Readable } from 'node:stream';
import type { Clock } from '../../../shared/clock.js';
import { LineSplitter } from '../../../shared/lines.js';
import { printable } from '../../build/printable.js';
import type { BuildOutput } from '../../engine.js';

/** A pull may take minutes; people want to see that it goes on, not every step of it. */
const TELL_EVERY_MS = 3_000;

/** One event of a pull, as far as it is looked at. */
interface PullEvent {
  readonly id?: string;
  readonly status?: string;
  readonly progressDetail?: { readonly current?: number };
  readonly error?: string;
}

export interface Pulling {
  readonly ref: string;
  readonly output: BuildOutput;
  readonly signal: AbortSignal;
  readonly clock: Clock;
}

/** Pulls an image. Rejects with what the registry, or the way to it, says. */
export async function pull(docker: Docker, pulling: Pulling): Promise<void> {
  const { ref, output, signal, clock } = pulling;
  output.detail(`Pulling ${printable(ref)}`);
  const progress = new PullProgress();
  const stream = (await docker.pull(ref, { abortSignal: signal })) as unknown as Readable;
  const stop = () => stream.destroy(new Error('the pull was ended'));
  signal.addEventListener('abort', stop, { once: true });
  try {
    const lines = new LineSplitter();
    let told = clock.now();
    for await (const chunk of stream) {
      for (const line of lines.push(chunk as Buffer)) progress.take(JSON.parse(line) as PullEvent);
      if (clock.now() - told < TELL_EVERY_MS) continue;
      told = clock.now();
      output.detail(progress.text());
    }
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** Counts what a pull has done so far. */
export class PullProgress {
  private readonly layers = new Map<string, { bytes: number; done: boolean }>();

  /** Throws the error which a pull reports as its last event. */
  take({ id, status = '', progressDetail, error }: PullEvent): void {
    if (error !== undefined) throw new Error(printable(error));
    if (id === undefined || status.startsWith('Pulling from')) return;
    const layer = this.layers.get(id) ?? { bytes: 0, done: false };
    this.layers.set(id, layer);
    const bytes = status === 'Downloading' ? progressDetail?.current : undefined;
    layer.bytes = Math.max(layer.bytes, bytes ?? 0);
    layer.done ||= ['Pull complete', 'Already exists'].includes(status);
  }

  text(): string {
    const layers = [...this.layers.values()];
    const bytes = layers.reduce((sum, layer) => sum + layer.bytes, 0);
    const done = layers.filter((layer) => layer.done).length;
    return `${done} of ${layers.length} layers, ${Math.round(bytes / 1048576)} MB`;
  }
}

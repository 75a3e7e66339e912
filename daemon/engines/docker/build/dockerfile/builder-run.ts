import type Docker from 'dockerode';
import { randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { Watch } from '../../../build/watch.js';
import type { BuildOutput } from '../../../engine.js';
import { statusOf } from '../../answers.js';
import { BuildKitProgress } from './buildkit-progress.js';
import { ClassicProgress } from './classic-progress.js';
import { buildEvents, type BuildEvent } from './events.js';

/** One run of dockerd's builder. */
export interface BuilderRun {
  readonly context: () => Promise<Readable>;
  readonly options: Docker.ImageBuildOptions;
  readonly output: BuildOutput;
  readonly watch: Watch;
}

export type BuilderEnd =
  | { readonly ok: true; readonly imageId: string }
  | { readonly ok: false; readonly message: string; readonly step: string | null };

/** A build that does not end when it is told to is cut off. */
const CANCEL_MS = 3_000;

/**
 * Runs BuildKit, or the classic builder. The Dockerfile's own failure is an answer; rejects with the engine's, and with that
 * of the watch when the build is ended. Either way nothing of it works on.
 */
export async function runBuilder(docker: Docker, run: BuilderRun): Promise<BuilderEnd> {
  const { watch } = run;
  watch.refuseStopped();
  const buildId = randomUUID();
  const cut = new AbortController();
  const context = await run.context();
  context.once('error', () => cut.abort());
  let answer: NodeJS.ReadableStream | undefined;
  let late: NodeJS.Timeout | undefined;
  const stop = () => {
    if (answer === undefined || run.options.version !== '2') cut.abort();
    else {
      void cancel(docker, buildId);
      late = setTimeout(() => cut.abort(), CANCEL_MS);
    }
  };
  watch.signal.addEventListener('abort', stop, { once: true });
  try {
    const options = { ...run.options, buildid: buildId, abortSignal: cut.signal };
    answer = await docker.buildImage(context, options);
    return await followed(answer, run);
  } catch (error) {
    watch.refuseStopped();
    throw context.errored ?? error;
  } finally {
    clearTimeout(late);
    watch.signal.removeEventListener('abort', stop);
    context.destroy();
  }
}

/** Does the engine lack BuildKit? By the error of a run. */
export function lacksBuildKit(error: unknown): boolean {
  const status = statusOf(error);
  return status !== null && (status === 404 || status === 501 || /buildkit/i.test(String(error)));
}

/**
 * What a failed classic build leaves stays, as the cache of the next: it has no label, and the builder tells its ids only in
 * the text into which commands print too.
 */
async function followed(answer: NodeJS.ReadableStream, { output, watch }: BuilderRun): Promise<BuilderEnd> {
  const kit = new BuildKitProgress(output);
  const classic = new ClassicProgress(output);
  let imageId: string | null = null;
  let message: string | null = null;
  for await (const event of buildEvents(answer)) {
    tell(event, kit, classic);
    watch.count(printedBytes(event));
    if (event.kind === 'image') imageId = event.id;
    else if (event.kind === 'error') message = event.message;
  }
  watch.refuseStopped();
  if (message !== null) return { ok: false, message, step: kit.failed() ?? classic.failed() };
  if (imageId !== null) return { ok: true, imageId };
  throw Object.assign(new Error('the builder ended without an answer'), {
    code: 'ERR_STREAM_PREMATURE_CLOSE',
  });
}

function tell(event: BuildEvent, kit: BuildKitProgress, classic: ClassicProgress): void {
  if (event.kind === 'status') kit.take(event.vertexes, event.logs);
  else if (event.kind === 'text') classic.take(event.text);
}

function printedBytes(event: BuildEvent): number {
  if (event.kind === 'text') return event.text.length;
  return event.kind === 'status' ? event.logs.reduce((sum, { bytes }) => sum + bytes.length, 0) : 0;
}

/** Ends a build of BuildKit's; without effect on one that has ended. */
function cancel(docker: Docker, id: string): Promise<void> {
  return new Promise((resolve) => {
    // The library cuts the last character off a path with a `?`, and has no call for this.
    const path = '/build/cancel?';
    const statusCodes = { 200: true, 204: true, 404: true };
    docker.modem.dial({ path, method: 'POST', options: { id }, statusCodes }, () => resolve());
  });
}

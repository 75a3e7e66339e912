import { setTimeout as sleep } from 'node:timers/promises';
import type { Build } from '../../api/builds.js';
import { linesOf } from '../client/lines.js';
import { pathOfApp, type Context } from '../context.js';
import { buildLine } from '../output/build-line.js';

/**
 * Shows a build's output as it comes and answers the build when it has ended. A connection cut on the way (tfkd restarted)
 * loses output, never the outcome.
 */
export async function followBuild(
  context: Context,
  app: string,
  build: Build,
  to: 'stdout' | 'stderr',
): Promise<Build> {
  await showStream(context, build.output_stream_url, to).catch(() => {
    context.output.warn('The connection was cut; asking tfkd how the build went…');
  });
  for (;;) {
    const now = await context.client.get<Build>(`${pathOfApp(app)}/builds/${build.id}`);
    if (now.status !== 'pending') return now;
    await sleep(500);
  }
}

/** A stream of text in build style; the NUL bytes that keep it alive are dropped. */
export async function showStream(context: Context, url: string, to: 'stdout' | 'stderr'): Promise<void> {
  const { client, output } = context;
  const looked = to === 'stdout' ? output.toTerminal : output.progressToTerminal;
  const paint = to === 'stdout' ? output.out : output.err;
  for await (const received of linesOf(await client.open('GET', url))) {
    const line = received.replaceAll('\0', '');
    await output.write(to, `${looked ? buildLine(line, paint) : line}\n`);
  }
}

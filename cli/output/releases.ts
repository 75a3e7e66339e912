import type { Release } from '../../api/releases.js';
import type { Paint } from './colour.js';
import { table } from './table.js';
import { ago } from './time.js';

/** What `releases` prints below its head: version, what changed, by whom, when. */
export function releaseLines(releases: readonly Release[], now: Date, paint: Paint, width: number): string[] {
  return table(
    releases,
    [
      {
        value: (release) => `v${release.version}`,
        style: (cell, release) => paint.in(colourOf(release), cell),
      },
      {
        value: described,
        shrinks: true,
        style: (cell, release) => (release.status === 'succeeded' ? cell : paint.in(colourOf(release), cell)),
      },
      { value: (release) => release.user.email },
      { value: (release) => ago(release.created_at, now), style: (cell) => paint.in('dim', cell) },
    ],
    width,
  );
}

function described(release: Release): string {
  const status = {
    pending: ' release command executing',
    failed: ' release command failed',
    expired: ' release expired',
    succeeded: '',
  }[release.status];
  return release.description + status;
}

function colourOf(release: Release): 'yellow' | 'red' | 'dim' | 'green' {
  if (release.status === 'pending') return 'yellow';
  if (release.status === 'failed') return 'red';
  return release.status === 'expired' ? 'dim' : 'green';
}

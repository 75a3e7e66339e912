import type { LogDrainProgress } from '../../api/log-drains.js';
import type { Paint } from './colour.js';
import { visible } from './sanitise.js';
import { ago, until } from './time.js';

/** Heroku's line of a drain, and below it how it fares. */
export function drainFacts(drain: LogDrainProgress, paint: Paint, now: Date): string[] {
  const name = `${visible(drain.url)} (${paint.in('cyan', visible(drain.token))})`;
  return [
    name,
    ...[sent(drain, now), lost(drain), failing(drain, paint, now)].filter((line) => line !== null),
  ];
}

/** What was typed may be in a terminal's scrollback, or a CI's log: no password, and no value of a query, is printed again. */
export function withoutSecrets(url: string): string {
  const [place = '', ...query] = url.split('?');
  const masked = place.replace(/\/\/([^/:]*)(:[^/]*)?@/, (_, user: string, password?: string) =>
    password === undefined ? '//****@' : `//${user}:****@`,
  );
  return visible([masked, ...query.map((part) => part.replaceAll(/=[^&]+/g, '=****'))].join('?'));
}

function sent({ delivered, pending, last_delivered_at }: LogDrainProgress, now: Date): string {
  const last = last_delivered_at === null ? '' : `, last ${ago(last_delivered_at, now)}`;
  const waiting = pending === 0 ? '' : `; ${lines(pending)} to be sent`;
  return `  ${lines(delivered)} delivered${last}${waiting}`;
}

const lost = ({ dropped }: LogDrainProgress): string | null =>
  dropped === 0 ? null : `  ${lines(dropped)} dropped`;

function failing({ failure }: LogDrainProgress, paint: Paint, now: Date): string | null {
  if (failure === null) return null;
  const tries = `${failure.failures} ${failure.failures === 1 ? 'try' : 'tries'}`;
  const next = `${tries} since ${ago(failure.since, now)}, the next ${until(failure.next_try_at, now)}`;
  return `  ${paint.in('red', 'failing')}: ${visible(failure.reason)}; ${next}`;
}

const lines = (count: number): string => `${count} ${count === 1 ? 'line' : 'lines'}`;

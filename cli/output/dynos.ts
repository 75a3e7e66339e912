import type { DynoDetails } from '../../api/dynos.js';
import type { Paint } from './colour.js';
import { visible } from './sanitise.js';
import { ago, until } from './time.js';

/** What `ps` prints: dynos by process type and command, one-off dynos on their own; a blank line after each group. */
export function dynoList(dynos: readonly DynoDetails[], now: Date, paint: Paint): string[] {
  return grouped(dynos).flatMap(({ title, members }) => [
    `${paint.in('dim', '===')} ${paint.in('bold', title(paint))} (${paint.in('yellow', String(members.length))})`,
    '',
    ...members.map((dyno) => dynoLine(dyno, now, paint)),
    '',
  ]);
}

interface Group {
  readonly title: (paint: Paint) => string;
  readonly members: DynoDetails[];
}

function grouped(dynos: readonly DynoDetails[]): Group[] {
  const groups = new Map<string, Group>();
  for (const dyno of [...dynos].sort(byTypeThenNumber)) {
    const key = isOneOff(dyno) ? 'run' : `${dyno.type} ${dyno.size} ${dyno.command}`;
    const group = groups.get(key) ?? { title: titleOf(dyno), members: [] };
    group.members.push(dyno);
    groups.set(key, group);
  }
  return [...groups.values()];
}

function titleOf(dyno: DynoDetails): Group['title'] {
  if (isOneOff(dyno)) return (paint) => `${paint.in('green', 'run')}: one-off processes`;
  return (paint) =>
    `${paint.in('green', visible(dyno.type))} (${paint.in('cyan', visible(dyno.size))}): ${visible(dyno.command)}`;
}

function dynoLine(dyno: DynoDetails, now: Date, paint: Paint): string {
  const state = paint.in(colourOf(dyno.state), visible(dyno.state));
  const since = paint.in('dim', ago(dyno.updated_at, now));
  if (isOneOff(dyno))
    return `${visible(dyno.name)} (${visible(dyno.size)}): ${state} ${since}: ${visible(dyno.command)}`;
  return `${visible(dyno.name)}: ${state} ${since}${troubleOf(dyno, now)}`;
}

/** Why it is not up, and when it is tried again. */
function troubleOf(dyno: DynoDetails, now: Date): string {
  if (dyno.state === 'up') return '';
  const parts = [
    ...(dyno.reason === null ? [] : [visible(dyno.reason)]),
    ...(dyno.next_start_at === null ? [] : [`next try ${until(dyno.next_start_at, now)}`]),
  ];
  return parts.length === 0 ? '' : `: ${parts.join('; ')}`;
}

function colourOf(state: string): 'green' | 'red' | 'yellow' {
  if (state === 'up' || state === 'complete') return 'green';
  return state === 'crashed' || state === 'down' ? 'red' : 'yellow';
}

/** Dynos outside the formation: `tfk run`, and the release command. */
function isOneOff(dyno: DynoDetails): boolean {
  return /^(run|release)\./.test(dyno.name);
}

function byTypeThenNumber(a: DynoDetails, b: DynoDetails): number {
  if (isOneOff(a) !== isOneOff(b)) return isOneOff(a) ? -1 : 1;
  if (a.type !== b.type) return a.type < b.type ? -1 : 1;
  return numberOf(a) - numberOf(b);
}

function numberOf(dyno: DynoDetails): number {
  return Number(dyno.name.slice(dyno.name.lastIndexOf('.') + 1));
}

import type { DynoView, FormationEntry } from './reconcile/snapshot.js';
import type { Step } from './reconcile/steps.js';

/** What one process type should be. */
export interface TypeGoal extends FormationEntry {
  readonly appId: string;
  readonly releaseId: string;
  readonly command: string;
  /** What comes first where a dyno is replaced: the start of the new one, or the stop of the old one. */
  readonly order: 'start-first' | 'stop-first';
}

/** Slots of a type, each with what lives in it. */
interface Slot {
  readonly ordinal: number;
  /** Of the goal's release and size, and not asked to go. At most one. */
  readonly fresh: DynoView | undefined;
  /** Still running, to be replaced. */
  readonly old: readonly DynoView[];
  /** On their way out. */
  readonly leaving: readonly DynoView[];
  /** Crashed and of no use to the goal. */
  readonly dead: readonly DynoView[];
}

/** How many start-first replacements of a type may be under way at once while the old ones serve: a quarter, at least one. */
const windowOf = (quantity: number): number => Math.max(1, Math.ceil(quantity / 4));

/**
 * Which dynos of a type to start, drain and stop now. Start-first, a new dyno gets ready beside the old one, which
 * is drained only then; a new one that never gets ready leaves the old one serving. So `web` is replaced, unless preboot is
 * turned off. All other types are replaced stop-first, since two schedulers at once are worse than none.
 */
export function rolloutType(goal: TypeGoal | null, dynos: readonly DynoView[], now: number): Step[] {
  const quantity = goal?.quantity ?? 0;
  const slots = slotsOf(goal, dynos);
  const surplus = slots
    .filter((slot) => slot.ordinal > quantity)
    .flatMap((slot) => retire(slot, goal ? 'scaled down' : 'no such process type in the current release'));
  if (!goal) return surplus;
  const wanted = Array.from(
    { length: quantity },
    (_, index) => slots.find((slot) => slot.ordinal === index + 1) ?? emptySlot(index + 1),
  );
  return [...surplus, ...ORDERS[goal.order](goal, wanted, now)];
}

const ORDERS = { 'start-first': startFirst, 'stop-first': stopFirst } as const;

function startFirst(goal: TypeGoal, slots: readonly Slot[], now: number): Step[] {
  const replacing = slots.some((slot) => slot.old.some((dyno) => dyno.record.state === 'up'));
  // A crashed newcomer keeps its place in the window, so that a release which cannot boot replaces no further dyno.
  const underWay = slots.filter((slot) => slot.fresh && slot.fresh.record.state !== 'up').length;
  const due = slots.filter(
    (slot) => slot.fresh?.record.state === 'crashed' && startOf(goal, slot, now),
  ).length;
  let room = replacing ? windowOf(goal.quantity) - underWay + due : Number.POSITIVE_INFINITY;
  return slots.flatMap((slot) => {
    const steps = forgetDead(slot);
    if (slot.fresh?.record.state === 'up')
      return [...steps, ...slot.old.map((dyno) => leave(dyno, 'replaced'))];
    const useless = slot.old.filter(
      (dyno) => dyno.record.state === 'starting' || dyno.record.stopReason === 'stopped',
    );
    steps.push(...useless.map((dyno) => leave(dyno, 'replaced')));
    const start = startOf(goal, slot, now);
    if (start && room > 0) {
      room -= 1;
      steps.push(start);
    }
    return steps;
  });
}

function stopFirst(goal: TypeGoal, slots: readonly Slot[], now: number): Step[] {
  return slots.flatMap((slot) => {
    const steps = [...forgetDead(slot), ...slot.old.map((dyno) => leave(dyno, 'replaced'))];
    const start = startOf(goal, slot, now);
    if (start && slot.old.length === 0 && slot.leaving.length === 0) steps.push(start);
    return steps;
  });
}

/** The start that the slot is due: of an empty slot, or again after a crash. */
function startOf(goal: TypeGoal, slot: Slot, now: number): Step | undefined {
  const crashed = slot.fresh?.record;
  if (crashed && (crashed.state !== 'crashed' || crashed.nextStartAt === null || crashed.nextStartAt > now))
    return undefined;
  return {
    action: 'start',
    appId: goal.appId,
    releaseId: goal.releaseId,
    type: goal.type,
    ordinal: slot.ordinal,
    command: goal.command,
    size: goal.size,
    attempt: crashed?.attempt ?? 0,
    replaces: crashed?.instance ?? null,
  };
}

function retire(slot: Slot, reason: string): Step[] {
  const running = [...(slot.fresh ? [slot.fresh] : []), ...slot.old];
  return [
    ...forgetDead(slot),
    ...running.map((dyno): Step => {
      if (dyno.record.state === 'crashed') return { action: 'forget', dyno: dyno.record, exit: null };
      return leave(dyno, reason);
    }),
  ];
}

/** A web dyno that serves goes by way of draining; every other is told to stop at once. */
function leave(dyno: DynoView, reason: string): Step {
  const why = dyno.record.stopReason ?? reason;
  const serves = dyno.record.type === 'web' && dyno.record.state === 'up';
  return { action: serves ? 'drain' : 'stop', dyno: dyno.record, reason: why };
}

const forgetDead = (slot: Slot): Step[] =>
  slot.dead.map((dyno) => ({ action: 'forget', dyno: dyno.record, exit: null }));

const emptySlot = (ordinal: number): Slot => ({ ordinal, fresh: undefined, old: [], leaving: [], dead: [] });

function slotsOf(goal: TypeGoal | null, dynos: readonly DynoView[]): Slot[] {
  const ordinals = [...new Set(dynos.map((dyno) => ordinalOf(dyno.record.name)))].sort((a, b) => a - b);
  return ordinals.map((ordinal) => {
    const inSlot = dynos.filter((dyno) => ordinalOf(dyno.record.name) === ordinal);
    const staying = inSlot.filter((dyno) => isFresh(goal, dyno));
    // Twice the same (a crash between two rows): the newest stays.
    const fresh = staying.at(-1);
    const rest = inSlot.filter((dyno) => dyno !== fresh);
    return {
      ordinal,
      fresh,
      old: rest.filter(({ record }) => record.state === 'starting' || record.state === 'up'),
      leaving: rest.filter(({ record }) => record.state === 'draining' || record.state === 'stopping'),
      dead: rest.filter(({ record }) => record.state === 'crashed'),
    };
  });
}

function isFresh(goal: TypeGoal | null, { record }: DynoView): boolean {
  if (!goal || record.releaseId !== goal.releaseId || record.size !== goal.size || record.stopReason !== null)
    return false;
  return record.state === 'starting' || record.state === 'up' || record.state === 'crashed';
}

const ordinalOf = (dynoName: string): number => Number(dynoName.slice(dynoName.lastIndexOf('.') + 1));

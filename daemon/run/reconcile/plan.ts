import type { DynoExit } from '../../engines/engine.js';
import type { DynoRecord } from '../../store/dynos.js';
import { restartAfterCrash } from '../restart-policy.js';
import { rolloutType, type TypeGoal } from '../rollout.js';
import type { AppSnapshot, DynoView } from './snapshot.js';
import type { Step } from './steps.js';

/** How long things may take, milliseconds (Heroku's figures: Dev Center, "Dynos and the Dyno Manager"). */
export interface Deadlines {
  /** A web dyno has to be ready: R10 after that. */
  readonly bootMs: number;
  /** From SIGTERM to SIGKILL: R12. */
  readonly exitMs: number;
  /** Requests under way may finish. */
  readonly drainMs: number;
  /** A type without a readiness check is up when it has run that long. */
  readonly settleMs: number;
}

export const DEADLINES: Deadlines = { bootMs: 60_000, exitMs: 30_000, drainMs: 30_000, settleMs: 2_000 };

/**
 * What to do now, so that the app's dynos become what its current release and formation ask for. A function of the snapshot
 * alone: called again after its steps were done, it answers no step once the goal is reached. Steps of one answer concern
 * different dynos, and may be done in any order.
 */
export function planApp(snapshot: AppSnapshot, deadlines: Deadlines): Step[] {
  const steps = snapshot.dynos.flatMap((dyno) => lifeOf(dyno, snapshot, deadlines));
  const busy = new Set(steps.flatMap((step) => ('dyno' in step ? [step.dyno.instance] : [])));
  const rollout = rolloutSteps(snapshot).filter(
    (step) => !('dyno' in step) || !(busy.has(step.dyno.instance) || isStopInTheDark(step, snapshot)),
  );
  const strays = snapshot.strays.map((stray): Step => ({ action: 'remove-stray', stray }));
  const gone =
    snapshot.destroyed &&
    snapshot.dynos.length === 0 &&
    snapshot.remaining === 0 &&
    snapshot.unreachable === null;
  return [
    ...steps,
    ...rollout,
    ...strays,
    ...(gone ? [{ action: 'forget-app', appId: snapshot.appId } as const] : []),
  ];
}

/** Who is being started, or cannot be reached, would not hear it: told as stopped, nobody would tell it again. */
const isStopInTheDark = (step: Step, { dynos }: AppSnapshot): boolean =>
  step.action === 'stop' &&
  dynos.some(({ record, observed }) => record.instance === step.dyno.instance && observed.kind === 'unknown');

/** What a dyno's own life asks for, whatever the formation says. */
function lifeOf(dyno: DynoView, snapshot: AppSnapshot, deadlines: Deadlines): Step[] {
  switch (dyno.observed.kind) {
    case 'unknown':
      return releaseInTheDark(dyno, snapshot);
    case 'running':
      return runningDyno(dyno, snapshot, deadlines);
    case 'exited':
    case 'absent':
      return deadDyno(dyno, snapshot);
  }
}

/** How long a release command may wait for its engine to begin, milliseconds. */
const RELEASE_PATIENCE_MS = 60_000;

/** A release waits for its command, and other releases wait for that: not for ever, if the engine is away. */
function releaseInTheDark({ record }: DynoView, { now, unreachable }: AppSnapshot): Step[] {
  if (record.kind !== 'release' || record.state === 'complete' || unreachable === null) return [];
  const patience = record.handle === null ? RELEASE_PATIENCE_MS : (record.timeLimitMs ?? Infinity);
  return now - record.createdAt < patience ? [] : [{ action: 'give-up', dyno: record, reason: unreachable }];
}

function deadDyno({ record, observed, held }: DynoView, { now, destroyed }: AppSnapshot): Step[] {
  const exit = observed.kind === 'exited' ? observed.exit : null;
  if (record.state === 'complete') return held ? [] : [{ action: 'forget', dyno: record, exit: null }];
  if (record.state === 'crashed')
    return observed.kind === 'exited' ? [{ action: 'clean', dyno: record }] : [];
  if (record.handle === null && record.state === 'starting')
    return [exit ? startedUnseen(record, exit, destroyed) : neverStarted(record, destroyed)];
  // Its last output waits in the engine for the client.
  if (record.attached && held) return [];
  if (record.kind !== 'formation') return [{ action: 'complete', dyno: record, exit }];
  if (record.state === 'draining' || record.state === 'stopping' || record.stopReason !== null) {
    return [{ action: 'forget', dyno: record, exit }];
  }
  const upForMs = record.readyAt === null ? null : (exit?.at ?? now) - record.readyAt;
  const decision = restartAfterCrash(record.attempt, upForMs);
  return [
    { action: 'crash', dyno: record, exit, attempt: decision.attempt, nextStartAt: now + decision.delayMs },
  ];
}

/**
 * tfkd died between process and row, and it has ended since: the engine answers its handle again, and with it goes how it ended.
 * One that may never have reached its command would be started by that, so not where somebody has stopped it.
 */
function startedUnseen(record: DynoRecord, exit: DynoExit, destroyed: boolean): Step {
  const isAskedFor = record.stopReason === null || exit.code !== null;
  return record.kind === 'release' && isAskedFor && !destroyed
    ? { action: 'launch', dyno: record }
    : neverStarted(record, destroyed);
}

/** tfkd died between row and process. A one-off's client has gone with it; anything else is started now. */
function neverStarted(record: DynoRecord, destroyed: boolean): Step {
  if (destroyed || record.stopReason !== null) return { action: 'forget', dyno: record, exit: null };
  if (record.kind === 'one-off') return { action: 'complete', dyno: record, exit: null };
  return { action: 'launch', dyno: record };
}

function runningDyno(dyno: DynoView, snapshot: AppSnapshot, deadlines: Deadlines): Step[] {
  const { record } = dyno;
  const inState = snapshot.now - record.stateSince;
  if (record.handle === null) return [{ action: 'launch', dyno: record }];
  switch (record.state) {
    case 'draining':
      return isDrained(dyno, inState, deadlines)
        ? [{ action: 'stop', dyno: record, reason: record.stopReason ?? 'replaced' }]
        : [];
    case 'stopping':
      return inState >= deadlines.exitMs ? [{ action: 'kill', dyno: record, overdue: true }] : [];
    case 'crashed':
    case 'complete':
      return [{ action: 'kill', dyno: record, overdue: false }];
    case 'starting':
    case 'up':
      return record.kind === 'formation' ? startingDyno(dyno, snapshot, deadlines) : oneOff(dyno, snapshot);
  }
}

function startingDyno(dyno: DynoView, { now }: AppSnapshot, deadlines: Deadlines): Step[] {
  const { record } = dyno;
  if (record.state === 'up' || record.stopReason !== null) return [];
  const age = now - record.stateSince;
  const ready = record.type === 'web' ? dyno.ready : dyno.ready || age >= deadlines.settleMs;
  if (ready) return [{ action: 'mark-up', dyno: record }];
  return record.type === 'web' && age >= deadlines.bootMs ? [{ action: 'boot-timeout', dyno: record }] : [];
}

function oneOff(dyno: DynoView, { now, destroyed }: AppSnapshot): Step[] {
  const { record } = dyno;
  if (destroyed) return [{ action: 'stop', dyno: record, reason: 'the app is being destroyed' }];
  if (record.stopReason !== null) return [{ action: 'stop', dyno: record, reason: record.stopReason }];
  if (limitOf(record).some((at) => now >= at))
    return [{ action: 'stop', dyno: record, reason: 'time limit' }];
  if (record.attached && !dyno.held) return [{ action: 'stop', dyno: record, reason: 'its client is gone' }];
  return record.state === 'starting' ? [{ action: 'mark-up', dyno: record }] : [];
}

/**
 * Drained is: every router worker knows, and nothing is under way. A request that takes longer than the deadline, a
 * WebSocket too, is then cut by the dyno's own end. A router that does not answer proves nothing, so nothing is stopped.
 */
function isDrained(dyno: DynoView, inState: number, deadlines: Deadlines): boolean {
  if (dyno.routed === 'serving' || dyno.inFlight === null) return false;
  return dyno.inFlight + dyno.upgraded === 0 || inState >= deadlines.drainMs;
}

function rolloutSteps(snapshot: AppSnapshot): Step[] {
  const formation = snapshot.dynos.filter((dyno) => dyno.record.kind === 'formation');
  const goals = snapshot.destroyed ? [] : goalsOf(snapshot);
  const types = new Set([...goals.map((goal) => goal.type), ...formation.map((dyno) => dyno.record.type)]);
  return [...types].flatMap((type) => {
    const goal = goals.find((candidate) => candidate.type === type) ?? null;
    const dynos = formation.filter((dyno) => dyno.record.type === type);
    return rolloutType(goal, dynos, snapshot.now);
  });
}

function goalsOf({ appId, release, formation, preboot }: AppSnapshot): TypeGoal[] {
  if (!release) return [];
  return formation.flatMap((entry) => {
    const command = release.processTypes[entry.type];
    if (command === undefined || entry.type === 'release') return [];
    const { type, quantity, size } = entry;
    const order = type === 'web' && preboot ? 'start-first' : 'stop-first';
    return [{ appId, releaseId: release.id, type, quantity, size, command, order }];
  });
}

/** When the next step may be due by time alone; null when only an event can change anything. */
export function nextDeadline(snapshot: AppSnapshot, deadlines: Deadlines): number | null {
  const times = snapshot.dynos.flatMap(({ record, observed }) => {
    if (record.state === 'crashed') return record.nextStartAt === null ? [] : [record.nextStartAt];
    if (observed.kind !== 'running') return [];
    return [...stateDeadline(record, snapshot.now, deadlines), ...limitOf(record)];
  });
  return times.length === 0 ? null : Math.min(...times);
}

function stateDeadline(record: DynoRecord, now: number, deadlines: Deadlines): number[] {
  switch (record.state) {
    case 'starting':
      return [record.stateSince + (record.type === 'web' ? deadlines.bootMs : deadlines.settleMs)];
    case 'stopping':
      return [record.stateSince + deadlines.exitMs];
    case 'draining':
      // The router tells in-flight counts only when asked.
      return [now + DRAIN_POLL_MS];
    default:
      return [];
  }
}

const DRAIN_POLL_MS = 50;

/** From when it was started: it may have waited long for its turn. One that is stopped already has its own deadline. */
function limitOf({ timeLimitMs, state, readyAt, stateSince }: DynoRecord): number[] {
  if (timeLimitMs === null || state === 'stopping') return [];
  return [(readyAt ?? stateSince) + timeLimitMs];
}

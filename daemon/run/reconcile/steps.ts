import type { DynoExit, ObservedDyno } from '../../engines/engine.js';
import type { DynoRecord } from '../../store/dynos.js';

/** What each action needs. The step union and the executors' table derive from this one list. */
export interface StepArguments {
  /** A new dyno for a slot; `replaces` is the crashed row that it takes the place of. */
  start: {
    readonly appId: string;
    readonly releaseId: string;
    readonly type: string;
    readonly ordinal: number;
    readonly command: string;
    readonly size: string;
    readonly attempt: number;
    readonly replaces: string | null;
  };
  /** Its row is there and its process is not: tfkd died in between. */
  launch: { readonly dyno: DynoRecord };
  'mark-up': { readonly dyno: DynoRecord };
  /** It did not become ready in time: R10. */
  'boot-timeout': { readonly dyno: DynoRecord };
  /** From the router's table: no new requests. */
  drain: { readonly dyno: DynoRecord; readonly reason: string };
  /** SIGTERM to all its processes. */
  stop: { readonly dyno: DynoRecord; readonly reason: string };
  /** SIGKILL; `overdue` when it had its time to exit: R12. */
  kill: { readonly dyno: DynoRecord; readonly overdue: boolean };
  /** A formation dyno has exited of itself. */
  crash: {
    readonly dyno: DynoRecord;
    readonly exit: DynoExit | null;
    readonly attempt: number;
    readonly nextStartAt: number;
  };
  /** It exited because it should: lines read to the end, everything freed, row gone. */
  forget: { readonly dyno: DynoRecord; readonly exit: DynoExit | null };
  /** Nobody can tell how it is, and others wait for it. Should it come back, it is killed. */
  'give-up': { readonly dyno: DynoRecord; readonly reason: string };
  /** A one-off or release dyno has exited. */
  complete: { readonly dyno: DynoRecord; readonly exit: DynoExit | null };
  /** What a crashed dyno still holds in the engine is freed; its row stays. */
  clean: { readonly dyno: DynoRecord };
  'remove-stray': { readonly stray: ObservedDyno };
  /** A destroyed app has no dyno left. */
  'forget-app': { readonly appId: string };
}

export type Action = keyof StepArguments;
export type StepOf<A extends Action> = { readonly action: A } & StepArguments[A];
export type Step = { [A in Action]: StepOf<A> }[Action];

/** One line for `--plan` and the daemon's log. */
export function describeStep(step: Step): string {
  switch (step.action) {
    case 'start':
      return `start ${step.type}.${step.ordinal}`;
    case 'remove-stray':
      return `remove stray ${step.stray.labels.dyno}`;
    case 'forget-app':
      return 'forget the app';
    case 'drain':
    case 'stop':
    case 'give-up':
      return `${step.action} ${step.dyno.name} (v${step.dyno.releaseVersion}): ${step.reason}`;
    default:
      return `${step.action} ${step.dyno.name} (v${step.dyno.releaseVersion})`;
  }
}

import type { Artifact, DynoHandle, EngineName } from '../../engines/engine.js';
import type { DynoHost, Survey } from '../../engines/engines.js';
import type { Clock } from '../../shared/clock.js';
import type { AppRecord } from '../../store/apps.js';
import type { DynoRecord } from '../../store/dynos.js';
import type { Store } from '../../store/store.js';
import type { HealthWatch } from '../health.js';
import type { RoutePublisher, RouterPort } from '../route-publisher.js';
import type { AppSnapshot, CurrentRelease, DynoView } from './snapshot.js';

export interface ObserveDependencies {
  readonly store: Store;
  readonly engine: DynoHost;
  readonly clock: Clock;
  readonly health: HealthWatch;
  readonly publisher: RoutePublisher;
  readonly router: RouterPort;
  /** Is something being done with it right now, beside the reconciler: started, or freed? */
  readonly inHand: (instance: string) => boolean;
  readonly held: (dyno: DynoRecord) => boolean;
}

/** Reads all that the plan for one app depends on. All input of the reconciler happens here. */
export async function observeApp(app: AppRecord, deps: ObserveDependencies): Promise<AppSnapshot> {
  const { store, engine, clock, inHand } = deps;
  const before = store.dynos.list(app.id);
  const settled = new Map(
    before
      .filter(({ instance }) => !inHand(instance))
      .map(({ instance, handle }) => [instance, handle !== null]),
  );
  const survey = await engine.survey();
  const inFlight = await inFlightOf(before, deps.router);
  // Read after all waiting, and after the engines: a dyno that starts in between has its row, and is not taken for a stray.
  const observed = survey.dynos.filter((dyno) => dyno.labels.appId === app.id);
  const rows = store.dynos.list(app.id);
  const known = new Set(rows.map((row) => row.instance));
  /** Of who was being started while the engines were asked, nothing that they said need be so any more. */
  const wasSettled = ({ instance, handle }: DynoRecord) => settled.get(instance) === (handle !== null);
  return {
    now: clock.now(),
    appId: app.id,
    destroyed: app.destroyedAt !== null,
    release: currentRelease(app, store),
    formation: store.formation.list(app.id),
    preboot: app.preboot,
    strays: observed.filter(({ handle }) => !known.has(handle.instance) && !inHand(handle.instance)),
    remaining: observed.length,
    unreachable: reasonOf(
      [...enginesOf(app, rows, store)].map((name) => survey.unreachable.get(name as EngineName)),
    ),
    dynos: rows.map((record): DynoView => {
      const seen = observed.find((dyno) => dyno.handle.instance === record.instance);
      return {
        record,
        observed:
          inHand(record.instance) || !wasSettled(record)
            ? { kind: 'unknown', reason: 'it is being started or freed' }
            : (seen?.state ?? unseen(record, survey, store)),
        ready: deps.health.isReady(record.instance),
        routed: deps.publisher.routed(record.instance),
        inFlight: inFlight && (inFlight.requests.get(record.instance) ?? 0),
        upgraded: inFlight?.upgraded.get(record.instance) ?? 0,
        held: deps.held(record),
      };
    }),
  };
}

/** Of an engine that does not answer nothing is known; any other engine would have shown the dyno, if it had it. */
function unseen(record: DynoRecord, { unreachable }: Survey, store: Store): DynoView['observed'] {
  const reason = unreachable.get(engineOf(record, store));
  return reason === undefined ? { kind: 'absent' } : { kind: 'unknown', reason };
}

const reasonOf = (reasons: readonly (string | undefined)[]): string | null =>
  reasons.find((reason) => reason !== undefined) ?? null;

/** Its handle names it; a dyno that was not started yet will be by the engine that made its slug. */
function engineOf({ handle, releaseId }: DynoRecord, store: Store): EngineName {
  if (handle !== null) return (handle as DynoHandle).engine;
  const slugId = store.releases.byId(releaseId)?.slugId;
  return (
    ((slugId == null ? undefined : store.slugs.byId(slugId))?.artifact as Artifact | undefined)?.engine ??
    'process'
  );
}

/** All that may have something of the app now. */
function enginesOf(app: AppRecord, rows: readonly DynoRecord[], store: Store): Set<string> {
  const slugId = store.releases.current(app.id)?.slugId;
  const slug = slugId == null ? undefined : store.slugs.byId(slugId);
  const engines = rows.map((row): string => engineOf(row, store));
  if (app.destroyedAt !== null) engines.push(app.engine, slug?.artifact.engine ?? app.engine);
  return new Set(engines);
}

/** Asked only when someone drains; null when the router does not answer. */
async function inFlightOf(
  rows: readonly DynoRecord[],
  router: RouterPort,
): Promise<Awaited<ReturnType<RouterPort['inFlight']>> | null> {
  const draining = rows.filter((row) => row.state === 'draining').map((row) => row.instance);
  if (draining.length === 0) return null;
  return router.inFlight(draining).catch(() => null);
}

function currentRelease(app: AppRecord, store: Store): CurrentRelease | null {
  const release = store.releases.current(app.id);
  if (release?.slugId == null) return null;
  return { id: release.id, version: release.version, processTypes: release.processTypes };
}

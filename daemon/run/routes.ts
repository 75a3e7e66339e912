import type { DynoHandle } from '../engines/engine.js';
import type { Backend, RouteApp, RouteState } from '../router/control/protocol.js';
import type { DynoRecord } from '../store/dynos.js';

/** What the route of an app is made of. */
export interface RouteFacts {
  readonly id: string;
  readonly name: string;
  readonly maintenance: boolean;
  readonly hosts: readonly string[];
  /** Has the current release code? */
  readonly hasCode: boolean;
  /** How many web dynos there should be; 0 also where the release has no web. */
  readonly webQuantity: number;
  readonly dynos: readonly DynoRecord[];
}

/** Invariant 6: a dyno is in the table only once it was ready, and as draining from the moment that it is to go. */
export function routeOf(facts: RouteFacts): RouteApp {
  const backends = facts.dynos.flatMap(backendOf);
  return { id: facts.id, name: facts.name, hosts: facts.hosts, state: stateOf(facts, backends), backends };
}

function backendOf(dyno: DynoRecord): Backend[] {
  if (dyno.type !== 'web' || dyno.kind !== 'formation') return [];
  if (dyno.state !== 'up' && dyno.state !== 'draining') return [];
  const address = (dyno.handle as DynoHandle | null)?.address;
  if (!address) return [];
  return [
    {
      id: dyno.instance,
      dyno: dyno.name,
      host: address.host,
      port: address.port,
      draining: dyno.state === 'draining',
    },
  ];
}

function stateOf(facts: RouteFacts, backends: readonly Backend[]): RouteState {
  if (facts.maintenance) return 'maintenance';
  if (!facts.hasCode) return 'blank';
  if (backends.some((backend) => !backend.draining)) return 'serving';
  if (facts.webQuantity === 0) return 'idle';
  const web = facts.dynos.filter((dyno) => dyno.type === 'web' && dyno.kind === 'formation');
  const crashed = web.some((dyno) => dyno.state === 'crashed');
  const coming = web.some((dyno) => dyno.state === 'starting');
  return crashed && !coming ? 'crashed' : 'starting';
}

import { domainToASCII } from 'node:url';
import type { Clock } from '../shared/clock.js';
import { notFound, TfkError } from '../shared/errors.js';
import { newId } from '../shared/ids.js';
import type { DomainRecord } from '../store/domains.js';
import type { Store } from '../store/store.js';

/** RFC 1035 §2.3.4: a label has at most 63 octets, a name 253; RFC 1123 §2.1: letters, digits, hyphens. */
const LABEL = /^(?!-)[a-z0-9-]{1,63}(?<!-)$/;

/** An app's own host names. */
export class Domains {
  constructor(
    private readonly store: Store,
    private readonly clock: Clock,
    private readonly notify: (appId: string) => void,
    /** Whose certificate a new domain gets when nobody says: the id of an SNI endpoint of the app. */
    private readonly certificateFor: (appId: string, hostname: string) => string | null = () => null,
  ) {}

  list(appId: string): DomainRecord[] {
    return this.store.domains.list(appId);
  }

  add(appId: string, hostname: string, sniEndpointId?: string): DomainRecord {
    const normal = normaliseHostname(hostname);
    this.store.transaction(() => {
      const taken = this.store.domains.byHostname(normal);
      if (taken) throw this.taken(taken, appId);
      this.store.domains.insert({
        id: newId(),
        appId,
        hostname: normal,
        sniEndpointId: sniEndpointId ?? this.certificateFor(appId, normal),
        createdAt: this.clock.now(),
      });
    });
    this.notify(appId);
    return this.find(appId, normal);
  }

  private taken({ hostname, appId: owner }: DomainRecord, appId: string): TfkError {
    if (owner === appId)
      return new TfkError(
        'invalid_params',
        `${hostname} is a domain of this app already. Nothing was changed.`,
      );
    const name = this.store.apps.find(owner)?.name ?? owner;
    const hint = `To move it: tfk domains:remove ${hostname} -a ${name}`;
    return new TfkError(
      'invalid_params',
      `${hostname} is the domain of another app, ${name}. Nothing was changed.`,
      { hint },
    );
  }

  /** By id or host name. */
  find(appId: string, idOrHostname: string): DomainRecord {
    const domains = this.list(appId);
    const found = domains.find(
      (domain) => domain.id === idOrHostname || domain.hostname === idOrHostname.toLowerCase(),
    );
    if (found) return found;
    throw notFound(
      'domain',
      `The app has no domain ${idOrHostname}.`,
      domains.length === 0
        ? 'It has none of its own.'
        : `It has ${domains.map((domain) => domain.hostname).join(', ')}.`,
    );
  }

  remove(appId: string, idOrHostname: string): DomainRecord {
    const domain = this.find(appId, idOrHostname);
    this.store.domains.delete(domain.id);
    this.notify(appId);
    return domain;
  }
}

function normaliseHostname(hostname: string): string {
  const wildcard = hostname.startsWith('*.');
  const bare = (wildcard ? hostname.slice(2) : hostname).replace(/\.$/, '');
  const ascii = domainToASCII(bare).toLowerCase();
  const labels = ascii.split('.');
  const valid =
    ascii.length <= 253 &&
    labels.length >= 2 &&
    labels.every((label) => LABEL.test(label)) &&
    !/^[\d.]+$/.test(ascii);
  if (!valid) {
    throw new TfkError(
      'invalid_params',
      `${JSON.stringify(hostname.slice(0, 300))} is not a host name. Nothing was changed.`,
      {
        hint: 'Write it like shop.example.com, or *.example.com for all names below it.',
      },
    );
  }
  if (labels.at(-1) === 'localhost') {
    throw new TfkError(
      'invalid_params',
      `Names under .localhost belong to the apps themselves. Nothing was changed.`,
      { hint: 'Rename the app to change its name there: tfk apps:rename' },
    );
  }
  return wildcard ? `*.${ascii}` : ascii;
}

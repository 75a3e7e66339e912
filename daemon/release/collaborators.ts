import type { Clock } from '../shared/clock.js';
import { notFound, TfkError } from '../shared/errors.js';
import { newId } from '../shared/ids.js';
import type { AppRecord } from '../store/apps.js';
import type { CollaboratorRecord } from '../store/collaborators.js';
import type { Store } from '../store/store.js';
import type { UserRecord } from '../store/users.js';

/** One `@` with something on both sides, and nothing that could break a line or a log. */
const EMAIL = /^[^\s@<>"',;:\\]{1,64}@[^\s@<>"',;:\\]{1,189}$/;

/** Lets users in to apps that are others', and sends them away. */
export class Collaborators {
  constructor(
    private readonly store: Store,
    private readonly clock: Clock,
    private readonly account: () => UserRecord,
  ) {}

  /** `user` is an e-mail address, of whom there may be none yet, or the id of a user. */
  add(app: AppRecord, user: string): CollaboratorRecord {
    return this.store.transaction(() => {
      const { id: userId, email } = this.userOf(user);
      if (userId === (app.ownerId ?? this.account().id)) throw alreadyIn(`${email} owns ${app.name}`);
      if (this.store.collaborators.find(app.id, userId)) {
        throw alreadyIn(`${email} is already a collaborator on ${app.name}`);
      }
      const createdAt = this.clock.now();
      const record = { id: newId(), appId: app.id, userId, createdAt };
      this.store.collaborators.insert(record);
      return { ...record, updatedAt: createdAt };
    });
  }

  remove(app: AppRecord, userId: string): void {
    const record = this.store.collaborators.find(app.id, userId);
    if (!record) {
      throw new TfkError('invalid_params', `The owner of ${app.name} cannot leave it. Nothing was changed.`);
    }
    this.store.collaborators.delete(record);
  }

  private userOf(reference: string): UserRecord {
    const known = this.store.users.find(reference);
    if (known) return known;
    if (reference.includes('@')) return this.store.users.ensure(assertEmail(reference), this.clock.now());
    throw notFound('user', 'There is no such user. Nothing was changed.', 'Name one by e-mail address.');
  }
}

/** @throws TfkError `invalid_params` */
export function assertEmail(text: string): string {
  if (EMAIL.test(text)) return text;
  throw new TfkError('invalid_params', 'This is no e-mail address. Nothing was changed.', {
    hint: 'Write it as bob@example.com.',
  });
}

const alreadyIn = (what: string): TfkError => new TfkError('invalid_params', `${what}. Nothing was changed.`);

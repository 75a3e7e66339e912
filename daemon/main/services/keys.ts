import type { KeyService } from '../../http/services.js';
import type { Clock } from '../../shared/clock.js';
import { TfkError } from '../../shared/errors.js';
import { newId } from '../../shared/ids.js';
import { parseSshPublicKey } from '../../shared/ssh-public-key.js';
import type { Store } from '../../store/store.js';

/** Far more than anybody has machines. */
const MOST_KEYS = 100;

export function keyService({ store, clock }: { readonly store: Store; readonly clock: Clock }): KeyService {
  const { keys } = store;
  return {
    list: (userId) => keys.list(userId),
    add(userId, publicKey) {
      const { line, comment, fingerprint } = parseSshPublicKey(publicKey);
      if (keys.list(userId).length >= MOST_KEYS) {
        throw new TfkError('invalid_params', `You have ${MOST_KEYS} keys already. Nothing was changed.`, {
          hint: 'Remove one: tfk keys:remove COMMENT',
        });
      }
      const record = { id: newId(), userId, publicKey: line, comment, fingerprint, createdAt: clock.now() };
      if (keys.insert(record)) return record;
      throw new TfkError('invalid_params', 'You have this key already. Nothing was changed.', {
        hint: 'List them: tfk keys',
      });
    },
    remove: (id) => keys.delete(id),
  };
}

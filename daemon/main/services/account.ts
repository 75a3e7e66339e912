import type { AccountService } from '../../http/services.js';
import { assertEmail } from '../../release/collaborators.js';
import type { Clock } from '../../shared/clock.js';
import { newId, newSecret } from '../../shared/ids.js';
import type { Store } from '../../store/store.js';

/** Users and their tokens. `email` is the account's, for a home that has none yet. */
export function accountService({
  store,
  clock,
  email,
}: {
  readonly store: Store;
  readonly clock: Clock;
  readonly email: string;
}): AccountService {
  const { users, tokens } = store;
  return {
    account: () => store.account.ensure(email, clock.now()),
    user: (idOrEmail) => users.find(idOrEmail),
    ensureUser: (address) => users.find(address) ?? users.ensure(assertEmail(address), clock.now()),
    tokens: () => tokens.list(),
    createToken(input) {
      const token = newToken();
      const now = clock.now();
      const record = { ...input, id: newId(), createdAt: now, updatedAt: now };
      tokens.insert(token, record);
      return { record, token };
    },
    describeToken: (id, description) => tokens.describe(id, description, clock.now()),
    regenerateToken(id) {
      const token = newToken();
      tokens.replace(id, token, clock.now());
      return token;
    },
    revokeToken: (id) => tokens.delete(id),
    authenticate: (token) => tokens.findValid(token, clock.now()),
  };
}

const newToken = (): string => `tfk_${newSecret()}`;

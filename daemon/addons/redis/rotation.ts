import type { Redis } from 'ioredis';
import type { Clock } from '../../shared/clock.js';
import { messageOf, TfkError } from '../../shared/errors.js';
import { newSecret } from '../../shared/ids.js';
import type { AddonData, AddonInstance, CredentialRotation } from '../addon.js';
import { credentialsOf } from './credentials.js';
import { asKeeper } from './login.js';
import { passwordRules } from './settings.js';

export interface RotationParts {
  readonly clock: Clock;
  /** Writes down what the running server has been told, for its next start. */
  readonly keep: (addon: AddonInstance) => Promise<void>;
}

/** A second password for the same user, and the end of the first; the server runs on. */
export function redisRotation({ clock, keep }: RotationParts): CredentialRotation {
  const given = async (addon: AddonInstance, data: AddonData): Promise<AddonData> => {
    await tell(addon, data);
    await keep({ ...addon, data });
    return data;
  };
  return {
    begin(addon) {
      const { password: former } = credentialsOf(addon);
      return given(addon, { ...addon.data, password: newSecret(), former, since: clock.now() });
    },
    async end(addon) {
      const data = without(addon.data, ['former', 'since']);
      await given(addon, data);
      await endOlder(addon, clock.now() - Number(addon.data['since']));
      return data;
    },
  };
}

const without = (data: AddonData, keys: readonly string[]): AddonData =>
  Object.fromEntries(Object.entries(data).filter(([key]) => !keys.includes(key)));

async function tell(addon: AddonInstance, data: AddonData): Promise<void> {
  const rules = passwordRules(credentialsOf({ ...addon, data }));
  try {
    await asKeeper(credentialsOf(addon), (client) =>
      client.call('ACL', 'SETUSER', 'default', 'resetpass', ...rules),
    );
  } catch (error) {
    throw new TfkError(
      'unavailable',
      `Redis of ${addon.name} did not take a new password: ${messageOf(error)}`,
      {
        hint: 'Type: tfk redis:info',
        cause: error,
      },
    );
  }
}

/** The server does not know by which password a connection came: those from before there was another came by the former. */
async function endOlder(addon: AddonInstance, milliseconds: number): Promise<void> {
  await asKeeper(credentialsOf(addon), async (client) => {
    for (const { id, seconds } of await connectionsOf(client))
      // It tells whole seconds.
      if ((seconds + 1) * 1000 > milliseconds) await client.call('CLIENT', 'KILL', 'ID', id);
  });
}

async function connectionsOf(client: Redis): Promise<{ id: string; seconds: number }[]> {
  const list = String(await client.call('CLIENT', 'LIST'));
  return list
    .split('\n')
    .filter((line) => / user=default( |$)/.test(line))
    .map((line) => ({
      id: /^id=(\d+)/.exec(line)?.[1] ?? '',
      seconds: Number(/ age=(\d+)/.exec(line)?.[1] ?? 0),
    }));
}

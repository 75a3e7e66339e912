import { AsyncLocalStorage } from 'node:async_hooks';

/** Who acts, by e-mail address, through all that a request sets off: for those who are told of changes far below. */
export class Acting {
  private readonly storage = new AsyncLocalStorage<string>();

  as<T>(user: string, work: () => T): T {
    return this.storage.run(user, work);
  }

  /** Null where tfkd does something of itself. */
  user(): string | null {
    return this.storage.getStore() ?? null;
  }
}

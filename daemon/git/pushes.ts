import { notFound, TfkError } from '../shared/errors.js';
import { newSecret } from '../shared/ids.js';

/** What a push may do is said here and nowhere else: bring one commit to this app, as this user, while git's request lasts. */
export interface Push {
  readonly secret: string;
  readonly appId: string;
  readonly actor: string;
  /** Aborts when who pushes has gone. */
  readonly gone: AbortSignal;
}

export interface PushedCommit {
  /** Hex. */
  readonly id: string;
  readonly message: string;
}

/** The pushes under way. Their hooks come back to tfkd with the secret; one push at a time deploys an app. */
export class Pushes {
  private readonly underWay = new Map<string, Push>();
  /** App → its push that deploys, with what. */
  private readonly deploying = new Map<string, { readonly push: Push; readonly commit: PushedCommit }>();

  begin(appId: string, actor: string, gone: AbortSignal): Push {
    const push: Push = { secret: newSecret(), appId, actor, gone };
    this.underWay.set(push.secret, push);
    return push;
  }

  find(secret: string): Push {
    const push = this.underWay.get(secret);
    if (push) return push;
    throw unknown();
  }

  /**
   * The push is the one that deploys its app from now on, until it ends: also until git has written the new branch, so that
   * no other push is built against a branch that is about to move. Throws `conflict` while another one is.
   */
  claim(secret: string, commit: PushedCommit): Push {
    const push = this.find(secret);
    if (this.deploying.has(push.appId)) {
      throw new TfkError('conflict', 'Another push to this app is being built. Nothing was changed.', {
        hint: 'Wait until it has ended, then push again.',
      });
    }
    this.deploying.set(push.appId, { push, commit });
    return push;
  }

  claimed(secret: string): { readonly push: Push; readonly commit: PushedCommit } {
    const push = this.find(secret);
    const claimed = this.deploying.get(push.appId);
    if (claimed?.push !== push) throw unknown();
    return claimed;
  }

  end(push: Push): void {
    this.underWay.delete(push.secret);
    if (this.deploying.get(push.appId)?.push === push) this.deploying.delete(push.appId);
  }
}

const unknown = (): TfkError => notFound('push', 'There is no such push under way.', 'Push again.');

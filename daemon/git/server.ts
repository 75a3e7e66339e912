import { messageOf } from '../shared/errors.js';
import type { Logger } from '../shared/logger.js';
import { runHttpBackend, type GitReply, type GitRequest } from './http-backend.js';
import type { Git } from './program.js';
import type { Pushes } from './pushes.js';
import type { Repositories } from './repositories.js';
import type { GitPlaces } from './settings.js';

export interface GitServerParts {
  readonly git: Git;
  readonly places: GitPlaces;
  readonly repositories: Repositories;
  readonly pushes: Pushes;
  readonly logger: Logger;
}

/** Who asks, and of which app. */
export interface GitCaller {
  readonly appId: string;
  readonly actor: string;
  /** Aborts when the client has gone. */
  readonly gone: AbortSignal;
}

/** git's smart HTTP: one run of its http-backend a request. */
export class GitServer {
  constructor(private readonly parts: GitServerParts) {}

  async serve(caller: GitCaller, request: GitRequest): Promise<GitReply> {
    const { git, places, repositories } = this.parts;
    const backend = await git.httpBackend();
    await repositories.ensure(caller.appId);
    const environment = {
      ...git.environment,
      GIT_PROJECT_ROOT: places.repositories,
      GIT_HTTP_EXPORT_ALL: '1',
      PATH_INFO: `/${caller.appId}.git${request.path}`,
      REMOTE_USER: caller.actor,
      REMOTE_ADDR: '127.0.0.1',
    };
    if (request.path !== '/git-receive-pack') return runHttpBackend(backend, environment, request);
    return this.push(caller, (secret) =>
      runHttpBackend(backend, { ...environment, TFK_PUSH: secret }, request),
    );
  }

  /** The push lasts until git has ended, that is until the branches have moved or have been refused. */
  private async push(
    { appId, actor, gone }: GitCaller,
    run: (secret: string) => Promise<GitReply>,
  ): Promise<GitReply> {
    const { pushes } = this.parts;
    const push = pushes.begin(appId, actor, gone);
    const end = () => pushes.end(push);
    try {
      const reply = await run(push.secret);
      return { ...reply, body: this.untilEnded(appId, reply.body, end) };
    } catch (error) {
      end();
      throw error;
    }
  }

  private async *untilEnded(
    appId: string,
    body: AsyncIterable<Uint8Array>,
    end: () => void,
  ): AsyncGenerator<Uint8Array> {
    try {
      yield* body;
      await this.parts.repositories.settleHead(appId).catch((error: unknown) => {
        this.parts.logger.warn({ app: appId, reason: messageOf(error) }, 'HEAD of a repository was not set');
      });
    } finally {
      end();
    }
  }
}

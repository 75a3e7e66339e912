import type { Readable } from 'node:stream';
import type { GitReply, GitRequest } from '../../git/http-backend.js';
import type { PushedCommit } from '../../git/pushes.js';
import type { GitCaller } from '../../git/server.js';

export interface GitService {
  /** Answers a request of git's smart HTTP protocol; the app's repository is made where there is none yet. */
  serve(caller: GitCaller, request: GitRequest): Promise<GitReply>;
  /** Throws `not_found` where the secret is of no push. */
  assertUnderWay(secret: string): void;
  /** The push of this secret deploys its app from now on. Throws `conflict` while another one does. */
  claim(secret: string, commit: PushedCommit): void;
  /** Takes the files of the claimed commit in; answers what the pusher is to see, at its end the verdict. */
  deploy(secret: string, tarball: Readable, signal: AbortSignal): Promise<AsyncIterable<string | Uint8Array>>;
}

export type { GitRequest };

import { createHash } from 'node:crypto';
import type { Clock } from '../shared/clock.js';
import { notFound, TfkError } from '../shared/errors.js';
import { newId, newSecret } from '../shared/ids.js';
import type { LogFilter, LogLine } from './entry.js';
import { formatJson, formatLine } from './format.js';
import type { LogStore } from './log-store.js';
import { tailDropped } from './platform.js';

const UNREAD_MS = 5 * 60_000;
const MAX_PER_APP = 100;
const MAX_IN_ALL = 1_000;

export interface LogSessionRequest {
  readonly appId: string;
  readonly filter: LogFilter;
  /** How many matching lines of the history come first. */
  readonly lines: number;
  /** Whether new lines follow, until the reader goes. */
  readonly tail: boolean;
  readonly format: 'text' | 'json';
}

export interface LogSession {
  readonly id: string;
  /** The only key to the session, 256 bits; it is not kept. */
  readonly secret: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
}

export interface LogEvent {
  /** What a reader that comes back names as the last it has seen. */
  readonly id: number;
  /** One formatted line without a newline. */
  readonly data: string;
}

interface Session {
  readonly request: LogSessionRequest;
  reader: AbortController | null;
  /** Milliseconds since the epoch; counts only while nobody reads. */
  expiresAt: number;
}

/**
 * The right to read an app's log for a while, by a secret in a URL. A session has one reader: who opens it again (a client
 * that reconnects, whose old connection may seem alive here) takes it over. Unread, it ends after five minutes.
 */
export class LogSessions {
  /** By the hash of the secret, the oldest first. */
  private readonly sessions = new Map<string, Session>();

  constructor(
    private readonly logs: Pick<LogStore, 'newest' | 'seek' | 'read' | 'follow'>,
    private readonly clock: Clock,
  ) {}

  /** @throws TfkError `rate_limit` when as many sessions as there may be are being read */
  create(request: LogSessionRequest): LogSession {
    this.makeRoom((session) => session.request.appId === request.appId, MAX_PER_APP);
    this.makeRoom(() => true, MAX_IN_ALL);
    const secret = newSecret();
    const createdAt = this.clock.now();
    this.sessions.set(hashOf(secret), { request, reader: null, expiresAt: createdAt + UNREAD_MS });
    return { id: newId(), secret, createdAt };
  }

  /**
   * The session's events: the history, then (with `tail`) what comes. It ends with the history, when the signal aborts,
   * when another reader takes over, or when the app is destroyed. Between two events nothing is buffered but what the
   * store keeps: a reader may be as slow as it likes, and is told what it missed.
   *
   * @param lastEventId the id of the last event that the reader has seen; null begins with the session's history
   * @throws TfkError `not_found` for a secret that is wrong or over
   */
  open(secret: string, lastEventId: number | null, signal: AbortSignal): AsyncGenerator<LogEvent, void> {
    this.expire();
    const key = hashOf(secret);
    const session = this.sessions.get(key);
    if (!session) {
      throw notFound(
        'log_session',
        'This log session does not exist, or it is over.',
        'Ask for a new one: tfk logs --tail',
      );
    }
    return this.readAs(key, session, lastEventId, signal);
  }

  /** How many sessions there are, and how many of them are being read. */
  count(): { readonly open: number; readonly read: number } {
    this.expire();
    const all = [...this.sessions.values()];
    return { open: all.length, read: all.filter((session) => session.reader !== null).length };
  }

  /** Ends all sessions. */
  close(): void {
    for (const session of this.sessions.values()) session.reader?.abort();
    this.sessions.clear();
  }

  private async *readAs(
    key: string,
    session: Session,
    lastEventId: number | null,
    signal: AbortSignal,
  ): AsyncGenerator<LogEvent, void> {
    session.reader?.abort();
    const reader = new AbortController();
    session.reader = reader;
    const either = AbortSignal.any([signal, reader.signal]);
    try {
      yield* this.events(session.request, lastEventId, either);
      if (!either.aborted) this.sessions.delete(key);
    } finally {
      if (session.reader === reader) {
        session.reader = null;
        session.expiresAt = this.clock.now() + UNREAD_MS;
      }
    }
  }

  private async *events(
    request: LogSessionRequest,
    lastEventId: number | null,
    signal: AbortSignal,
  ): AsyncGenerator<LogEvent, void> {
    const { appId, filter, lines, tail, format } = request;
    const upTo = this.logs.newest(appId);
    const after = lastEventId ?? (await this.logs.seek(appId, filter, lines));
    const source = tail
      ? this.logs.follow(appId, filter, after, signal)
      : this.logs.read(appId, filter, after, upTo);
    let id = after;
    let since = this.clock.now() * 1000;
    for await (const event of source) {
      if (signal.aborted) return;
      const line = 'dropped' in event ? this.droppedLine(event.dropped, id, since) : event;
      id = line.sequence;
      since = line.time;
      yield { id, data: format === 'json' ? formatJson(line) : formatLine(line) };
    }
  }

  /** It has the id of the line before it: who comes back with that id gets the missed lines from the history. */
  private droppedLine(count: number, sequence: number, since: number): LogLine {
    const text = tailDropped(count, since);
    const time = Math.max(since, this.clock.now() * 1000);
    return { sequence, time, source: 'heroku', dyno: 'logplex', stream: null, release: null, text };
  }

  /** A session that nobody reads gives way to a new one, the oldest first. */
  private makeRoom(among: (session: Session) => boolean, limit: number): void {
    this.expire();
    const rivals = [...this.sessions].filter(([, session]) => among(session));
    if (rivals.length < limit) return;
    const unread = rivals.find(([, session]) => session.reader === null);
    if (!unread) {
      throw new TfkError('rate_limit', `${limit} log sessions are being read already, which is the limit.`, {
        hint: 'End a `tfk logs --tail` that is no longer needed, and try again.',
      });
    }
    this.sessions.delete(unread[0]);
  }

  private expire(): void {
    const now = this.clock.now();
    for (const [key, session] of this.sessions) {
      if (session.reader === null && session.expiresAt <= now) this.sessions.delete(key);
    }
  }
}

function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url');
}

import type Docker from 'dockerode';
import type { IncomingMessage } from 'node:http';

/** One request as docker-modem takes it; the fields that are read or changed here. */
interface Request {
  readonly path: string;
  readonly method: string;
  readonly isStream?: boolean;
  readonly hijack?: boolean;
  readonly openStdin?: boolean;
  readonly abortSignal?: AbortSignal;
  readonly options?: Readonly<Record<string, unknown>>;
}
type Callback = (error: Error | null, data: unknown) => void;
type Dial = (request: Request, callback: Callback) => void;

/** Of these a dockerd that works takes its time. */
const SLOW =
  /^\/(system\/df|containers\/[^/]+\/(logs|archive|export|attach|stats)|images\/(get|[^/]+\/get|search))/;

/**
 * Teaches a dockerode what it lacks, for all requests of all parts of this engine:
 * - an answer whose connection is lost halfway (dockerd was killed while a `wait` was pending) rejects, where docker-modem would
 *   leave it open for ever;
 * - a plain question (GET) has a time limit, so that a dockerd that hangs holds up nobody;
 * - a new container's settings go in the body alone: docker-modem puts all of them, the config vars too, in the URL as well, which
 *   dockerd and proxies may log, and take only so much of;
 * - what says that dockerd cannot be reached goes through `explain` first.
 */
export function guardRequests(
  docker: Docker,
  { explain, answerWithinMs }: { readonly explain: (error: Error) => Error; readonly answerWithinMs: number },
): void {
  const modem = docker.modem as { dial: Dial };
  const dial = modem.dial.bind(modem);
  modem.dial = (asked, callback) => {
    const request = inBodyAlone(asked);
    const settle = once((error, data) => callback(error && explain(error), data));
    const raw = request.isStream === true || request.hijack === true || request.openStdin === true;
    if (raw) {
      dial(request, settle);
      return;
    }
    const limit = isQuick(request) ? new AbortController() : null;
    const timer = limit && setTimeout(() => giveUp(limit, settle, answerWithinMs), answerWithinMs);
    const done: Callback = (error, data) => {
      if (timer) clearTimeout(timer);
      settle(error, data);
    };
    dial({ ...request, isStream: true, ...signalOf(request, limit) }, (error, response) => {
      if (error) done(error, null);
      else readAnswer(response as IncomingMessage, done);
    });
  };
}

function inBodyAlone(request: Request): Request {
  if (request.path !== '/containers/create?' || !request.options) return request;
  const { name, platform, ...body } = request.options;
  const query = Object.entries({ name, platform }).filter(([, value]) => value !== undefined);
  return { ...request, options: { _query: Object.fromEntries(query), _body: body } };
}

const isQuick = ({ method, path }: Request): boolean => method === 'GET' && !SLOW.test(path);

function giveUp(limit: AbortController, settle: Callback, withinMs: number): void {
  settle(new NoAnswer(`no answer within ${withinMs / 1000} s`), null);
  limit.abort();
}

function signalOf(request: Request, limit: AbortController | null): { abortSignal?: AbortSignal } {
  const signals = [request.abortSignal, limit?.signal].filter((signal) => signal !== undefined);
  return signals.length === 0 ? {} : { abortSignal: AbortSignal.any(signals) };
}

/** The whole body: its JSON, or, as docker-modem has it, its bytes. */
function readAnswer(response: IncomingMessage, done: Callback): void {
  const chunks: Buffer[] = [];
  response.on('data', (chunk: Buffer) => chunks.push(chunk));
  response.on('error', (error) => done(error, null));
  response.on('close', () =>
    done(new NoAnswer('the connection was lost before the whole answer was there'), null),
  );
  response.on('end', () => {
    const body = Buffer.concat(chunks);
    done(null, parsed(body) ?? body);
  });
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString()) as unknown;
  } catch {
    return null;
  }
}

function once(callback: Callback): Callback {
  let called = false;
  return (error, data) => {
    if (called) return;
    called = true;
    callback(error, data);
  };
}

/** Dockerd took the question and gave no (whole) answer. */
class NoAnswer extends Error {
  readonly code = 'ETIMEDOUT';
}

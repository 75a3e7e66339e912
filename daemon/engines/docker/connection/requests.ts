import type Docker from 'dockerode';
import type { IncomingMessage } from 'node:http';
import { TfkError } from '../../../shared/errors.js';

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
  /^\/(system\/df|containers\/[^/]+\/(logs|archive|changes|export|attach|stats)|images\/(get|[^/]+\/get|search))/;

/** Of these too, or as long as a user's program does: what waits, stops, packs, and sends files about. */
const LONG =
  /^\/(build|commit|containers\/(prune|[^/]+\/(wait|stop|restart|archive))|(images|networks|volumes)\/prune|images\/(create|load|.+\/push))\b/;

/** Of the requests whose answer goes on, those that are answered at once, whatever comes then. */
const PROMPT = /^\/(containers\/[^/]+\/attach|exec\/[^/]+\/start)\b/;

/** What these make is lost from sight on any other engine. */
const MAKING = /^\/(containers|volumes)\/create\b/;

/** How long dockerd may take, in milliseconds. */
export interface AnswerLimits {
  /** For a first answer, of an engine or of its events: one that hangs is soon passed over. */
  readonly helloMs: number;
  /** For a plain question. */
  readonly answerMs: number;
  /** For a change: to make, start or remove something. */
  readonly changeMs: number;
}

interface Guard {
  readonly explain: (error: Error) => Error;
  readonly made: () => void;
  readonly limits: AnswerLimits;
}

/**
 * Teaches a dockerode what it lacks, for all requests of all parts of this engine:
 * - an answer whose connection is lost halfway (dockerd was killed while a `wait` was pending) rejects, where docker-modem would
 *   leave it open for ever;
 * - what does not take its time by nature has a time limit, so that a dockerd that hangs holds up nobody;
 * - a new container's settings go in the body alone: docker-modem puts all of them, the config vars too, in the URL as well, which
 *   dockerd and proxies may log, and take only so much of;
 * - a path that dockerd would answer by naming another is not asked for: docker-modem follows, and throws where nobody catches;
 * - what says that dockerd cannot be reached goes through `explain` first, and `made` hears of each thing that was made.
 */
export function guardRequests(docker: Docker, { explain, made, limits }: Guard): void {
  const modem = docker.modem as { dial: Dial };
  const dial = modem.dial.bind(modem);
  modem.dial = (asked, callback) => {
    if (isAstray(asked.path)) {
      callback(noPath(asked.path), null);
      return;
    }
    const request = inBodyAlone(asked);
    const settle = once((error, data) => callback(error && explain(error), data));
    const raw = request.isStream === true || request.hijack === true || request.openStdin === true;
    const withinMs = raw ? limitOfStream(request, limits) : limitOf(request, limits);
    const limit = new AbortController();
    const timer = withinMs && setTimeout(() => giveUp(limit, settle, withinMs), withinMs);
    const done: Callback = (error, data) => {
      if (timer) clearTimeout(timer);
      if (!error && MAKING.test(request.path)) made();
      settle(error, data);
    };
    const limited = { ...request, ...signalOf(request, limit) };
    if (raw) dial(limited, done);
    else
      dial({ ...limited, isStream: true }, (error, response) => {
        if (error) done(error, null);
        else readAnswer(response as IncomingMessage, done);
      });
  };
}

/** Dockerd redirects from a path with an empty step, `.` or `..`; Node.js throws for other characters. */
function isAstray(path: string): boolean {
  const [steps = ''] = path.split('?');
  return /\/(\.{0,2})(?=\/|$)/.test(steps) || /[^\x21-\x7e]/.test(path);
}

const noPath = (path: string): TfkError =>
  new TfkError('invalid_params', `Docker has nothing of that name: ${JSON.stringify(path.slice(0, 300))}.`);

function inBodyAlone(request: Request): Request {
  if (request.path !== '/containers/create?' || !request.options) return request;
  const { name, platform, ...body } = request.options;
  const query = Object.entries({ name, platform }).filter(([, value]) => value !== undefined);
  return { ...request, options: { _query: Object.fromEntries(query), _body: body } };
}

/** Null: none. */
export function limitOf(
  { method, path }: Pick<Request, 'method' | 'path'>,
  { answerMs, changeMs }: AnswerLimits,
): number | null {
  if (method === 'GET') return SLOW.test(path) ? null : answerMs;
  return LONG.test(path) ? null : changeMs;
}

/** Of the beginning of an answer that goes on. Null: none. */
export function limitOfStream(
  { path }: Pick<Request, 'path'>,
  { helloMs, answerMs }: AnswerLimits,
): number | null {
  if (path.startsWith('/events')) return helloMs;
  return PROMPT.test(path) ? answerMs : null;
}

function giveUp(limit: AbortController, settle: Callback, withinMs: number): void {
  settle(new NoAnswer(`no answer within ${withinMs / 1000} s`), null);
  limit.abort();
}

function signalOf({ abortSignal }: Request, limit: AbortController): { abortSignal: AbortSignal } {
  return { abortSignal: abortSignal ? AbortSignal.any([abortSignal, limit.signal]) : limit.signal };
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

import type { NewLogLine } from './entry.js';
import { formatTime } from './format.js';

/**
 * What the platform itself writes into an app's log, in Heroku's words: tools and people search for them. This is the one
 * place of that wording.
 */
export function platformLine(dyno: string, text: string, release: number | null = null): NewLogLine {
  return { time: null, source: 'heroku', dyno, stream: null, release, text };
}

/** A line of `app[api]`: what a user did. */
export function apiLine(text: string, release: number | null = null): NewLogLine {
  return { time: null, source: 'app', dyno: 'api', stream: null, release, text };
}

// The life of a dyno

export const startingProcess = (command: string) => `Starting process with command \`${command}\``;

export const stateChanged = (from: string, to: string) => `State changed from ${from} to ${to}`;

export const restarting = () => 'Restarting';

export const stopping = (signal: 'SIGTERM') => `Stopping all processes with ${signal}`;

export const stoppingRemaining = (signal: 'SIGKILL') => `Stopping remaining processes with ${signal}`;

export const stoppingProcess = (signal: 'SIGKILL') => `Stopping process with ${signal}`;

/** Null where nobody was there to see the status. */
export const exited = (status: number | null) => `Process exited with status ${status ?? 'unknown'}`;

/** Why a command ended before it began. */
export const notStarted = (why: string) => `Not started: ${why}`;

export const bootTimeout = (seconds: number) =>
  `Error R10 (Boot timeout) -> Web process failed to bind to $PORT within ${seconds} seconds of launch`;

export const attachError = () => 'Error R13 (Attach error) -> Failed to attach to process';

export const exitTimeout = (seconds: number) =>
  `Error R12 (Exit timeout) -> At least one process failed to exit within ${seconds} seconds of SIGTERM`;

export function memoryUsed(usedBytes: number, limitBytes: number): string {
  const percent = ((usedBytes / limitBytes) * 100).toFixed(1);
  return `Process running mem=${Math.round(usedBytes / 1024 / 1024)}MB(${percent}%)`;
}

export const memoryExceeded = () => 'Error R14 (Memory quota exceeded)';

export const memoryVastlyExceeded = () => 'Error R15 (Memory quota vastly exceeded)';

/** Of a scheduled job whose time has come. */
export const runSkipped = (command: string, reason: string) => `Skipped a run of \`${command}\`: ${reason}`;

/** Of a scheduled job whose times cannot be told. */
export const jobSetAside = (command: string, reason: string) =>
  `Scheduled job \`${command}\` does not run: ${reason}`;

// What users do

export const buildStarted = (user: string) => `Build started by user ${user}`;

export const buildSucceeded = () => 'Build succeeded';

export const buildFailed = (whereToLook: string) => `Build failed -- check your build output: ${whereToLook}`;

/** `hash`: the first eight digits of what was deployed. */
export const deploy = (hash: string, user: string) => `Deploy ${hash} by user ${user}`;

export const releaseCreated = (version: number, user: string) =>
  `Release v${version} created by user ${user}`;

export const runningReleaseCommands = (version: number, user: string) =>
  `Running release v${version} commands by user ${user}`;

export const setConfig = (keys: readonly string[], user: string) =>
  `Set ${keys.join(', ')} config vars by user ${user}`;

export const removeConfig = (keys: readonly string[], user: string) =>
  `Remove ${keys.join(', ')} config vars by user ${user}`;

export const rollback = (version: number, user: string) => `Rollback to v${version} by user ${user}`;

export interface ScaledType {
  readonly type: string;
  readonly quantity: number;
  readonly size: string;
}

/** The whole formation after the change, not only what changed. */
export const scaled = (formation: readonly ScaledType[], user: string) =>
  `Scaled to ${formation.map(({ type, quantity, size }) => `${type}@${quantity}:${size}`).join(' ')} by user ${user}`;

// The log itself; times are in microseconds since the epoch

/** The dyno wrote faster than its lines were read, and its buffer was full. */
export const bytesDropped = (bytes: number, since: number) =>
  `Error L12 (Local buffer overflow) -> ${bytes} bytes dropped since ${formatTime(since)}`;

/** The app's log was larger than its budget: these are its oldest lines. */
export const historyTrimmed = (count: number, since: number) =>
  `Error L12 (Local buffer overflow) -> ${count} messages dropped since ${formatTime(since)}`;

/** The disk did not take them. */
export const linesLost = (count: number, since: number) =>
  `Error L13 (Local delivery error) -> ${count} messages lost since ${formatTime(since)}`;

/** One reader was too slow; the lines are still in the history. */
export const tailDropped = (count: number, since: number) =>
  `Error L11 (Tail buffer overflow) -> This tail session dropped ${count} messages since ${formatTime(since)}`;

export const logSetAside = (file: string) =>
  `The log database was damaged: it was set aside as ${file} and the history begins anew`;

// Log drains; times are in microseconds since the epoch

/** To the receiver itself, where the missing lines would have been. Logplex's words. */
export const drainOverflow = (count: number, since: number) =>
  `Error L10 (output buffer overflow): ${count} messages dropped since ${formatTime(since)}.`;

/** To the app's log. */
export const drainDropped = (token: string, count: number, since: number) =>
  `Error L10 (output buffer overflow): drain '${token}' dropped ${count} messages since ${formatTime(since)}.`;

export const drainCertificate = (error: string, origin: string) =>
  `Error L14 (certificate validation): error="${error}" uri="${origin}/"`;

export const drainFailing = (token: string, origin: string, reason: string) =>
  `Drain '${token}' does not reach ${origin}: ${reason}. Lines are kept, and sent as soon as it does`;

export const drainWorksAgain = (token: string, origin: string, seconds: number) =>
  `Drain '${token}' reaches ${origin} again, after ${seconds} s`;

import type { CreateLogSession, LogSession } from '../../api/log-sessions.js';
import { eventsOf, type ServerEvent } from '../client/events.js';
import { pathOfApp, type Context } from '../context.js';
import { logLine } from '../output/log-line.js';

/** Lines of a log session as they come, each with its place in the log. `after` goes on behind a place seen before. */
export async function* logEvents(
  context: Context,
  app: string,
  session: CreateLogSession,
  after?: string,
): AsyncGenerator<ServerEvent> {
  const { logplex_url } = await context.client.post<LogSession>(`${pathOfApp(app)}/log-sessions`, session);
  const reply = await context.client.open('GET', logplex_url, {
    headers: { accept: 'text/event-stream', ...(after === undefined ? {} : { 'last-event-id': after }) },
  });
  yield* eventsOf(reply);
}

/** One line of the log: on a terminal in its dyno's colour, into a pipe as it is. */
export function showLogLine({ output }: Context, line: string): Promise<void> {
  return output.write('stdout', `${output.toTerminal ? logLine(line, output.out) : line}\n`);
}

/** The last lines of a session without tail. */
export async function lastLines(context: Context, app: string, session: CreateLogSession): Promise<string[]> {
  const lines: string[] = [];
  for await (const { data } of logEvents(context, app, { ...session, tail: false })) lines.push(data);
  return lines;
}

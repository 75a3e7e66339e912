import { linesOf } from './lines.js';

export interface ServerEvent {
  readonly id: string | undefined;
  readonly data: string;
}

/** Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html): what is needed of them here. */
export async function* eventsOf(stream: AsyncIterable<unknown>): AsyncGenerator<ServerEvent> {
  let id: string | undefined;
  let data: string[] = [];
  for await (const line of linesOf(stream)) {
    if (line === '') {
      if (data.length > 0) yield { id, data: data.join('\n') };
      data = [];
      continue;
    }
    const { field, value } = parsed(line);
    if (field === 'data') data.push(value);
    if (field === 'id') id = value;
  }
}

function parsed(line: string): { field: string; value: string } {
  const colon = line.indexOf(':');
  if (colon === -1) return { field: line, value: '' };
  const value = line.slice(colon + 1);
  return { field: line.slice(0, colon), value: value.startsWith(' ') ? value.slice(1) : value };
}

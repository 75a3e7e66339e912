import { StringDecoder } from 'node:string_decoder';

const LONGEST = 64 * 1024;

/** Lines of a byte stream as they come, without their ends; the last need not have one. A line without an end is cut at 64 KiB. */
export async function* linesOf(stream: AsyncIterable<unknown>): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8');
  let open = '';
  for await (const chunk of stream) {
    open += typeof chunk === 'string' ? chunk : decoder.write(chunk as Buffer);
    const lines = open.split('\n');
    open = lines.pop() ?? '';
    for (const line of lines) yield line.endsWith('\r') ? line.slice(0, -1) : line;
    if (open.length > LONGEST) {
      yield open;
      open = '';
    }
  }
  open += decoder.end();
  if (open !== '') yield open;
}

import type { Interface } from 'node:readline';

/** The lines that are typed, each behind a prompt that says where the user is by then. */
export async function* prompted(reader: Interface, prompt: () => string): AsyncGenerator<string> {
  const ask = (): void => {
    reader.setPrompt(prompt());
    reader.prompt();
  };
  ask();
  for await (const line of reader) {
    yield line;
    ask();
  }
}

/** What comes by a pipe, whole. */
export async function textOf(stdin: AsyncIterable<unknown>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stdin) chunks.push(Buffer.from(chunk as Uint8Array | string));
  return Buffer.concat(chunks).toString('utf8');
}

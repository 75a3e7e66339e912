import { createRequire } from 'node:module';
import { StringDecoder } from 'node:string_decoder';
import protobuf from 'protobufjs';

/** One step of BuildKit's work: an instruction, or something of its own. */
export interface Vertex {
  readonly digest: string;
  readonly name: string;
  readonly cached: boolean;
  readonly started: boolean;
  readonly completed: boolean;
  /** Empty: none. */
  readonly error: string;
}

export interface VertexLog {
  readonly vertex: string;
  readonly stream: number;
  readonly bytes: Uint8Array;
}

/** What a builder tells while it works, whichever of the two it is. */
export type BuildEvent =
  | { readonly kind: 'status'; readonly vertexes: readonly Vertex[]; readonly logs: readonly VertexLog[] }
  /** The classic builder's text, in pieces. */
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'image'; readonly id: string }
  | { readonly kind: 'error'; readonly message: string };

/** The events of a build's answer, in order. Rejects when the connection breaks. */
export async function* buildEvents(answer: AsyncIterable<Buffer | string>): AsyncGenerator<BuildEvent> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  for await (const chunk of answer) {
    const lines = (rest + decoder.write(Buffer.from(chunk))).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const event = line.trim() === '' ? null : eventOf(JSON.parse(line) as Message);
      if (event) yield event;
    }
  }
}

interface Message {
  readonly id?: string;
  readonly aux?: unknown;
  readonly stream?: string;
  readonly error?: string;
}

function eventOf({ id, aux, stream, error }: Message): BuildEvent | null {
  if (error !== undefined) return { kind: 'error', message: error };
  if (id === 'moby.buildkit.trace') return statusOf(String(aux));
  if (typeof aux === 'object' && aux !== null && 'ID' in aux) return { kind: 'image', id: String(aux.ID) };
  return stream === undefined ? null : { kind: 'text', text: stream };
}

const require = createRequire(import.meta.url);
const StatusResponse = protobuf
  .loadSync(require.resolve('dockerode/lib/proto/buildkit_status.proto'))
  .lookupType('moby.buildkit.v1.StatusResponse');

interface Status {
  readonly vertexes: readonly {
    readonly digest: string;
    readonly name: string;
    readonly cached: boolean;
    readonly started?: unknown;
    readonly completed?: unknown;
    readonly error: string;
  }[];
  readonly logs: readonly {
    readonly vertex: string;
    readonly stream: number | string;
    readonly msg: Uint8Array;
  }[];
}

/** dockerode's own reader of these prints the text of logs as base64. */
function statusOf(trace: string): BuildEvent {
  const decoded = StatusResponse.decode(Buffer.from(trace, 'base64'));
  const { vertexes, logs } = StatusResponse.toObject(decoded, { longs: Number, defaults: true }) as Status;
  return {
    kind: 'status',
    vertexes: vertexes.map(({ started, completed, ...vertex }) => ({
      ...vertex,
      started: started != null,
      completed: completed != null,
    })),
    logs: logs.map(({ vertex, stream, msg }) => ({ vertex, stream: Number(stream), bytes: msg })),
  };
}

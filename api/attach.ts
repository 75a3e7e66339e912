/**
 * The frames of an attached process, after `Upgrade: tfk-attach`: one byte kind, four bytes length (big-endian), payload.
 * Used by both sides; loads nothing.
 */

export const ATTACH_PROTOCOL = 'tfk-attach';
/** What an `attach_url` starts with; the rest is the path to upgrade on the same server. */
export const ATTACH_SCHEME = 'tfk+attach:';
/** Greatest payload of one frame, in bytes; longer data travels in several. */
export const MAX_PAYLOAD = 256 * 1024;

const HEADER = 5;
const KIND = { stdin: 0, stdinEnd: 1, resize: 2, signal: 3, stdout: 10, stderr: 11, exit: 12 } as const;

export type ClientFrame =
  | { readonly kind: 'stdin'; readonly data: Buffer }
  | { readonly kind: 'stdin-end' }
  | { readonly kind: 'resize'; readonly columns: number; readonly rows: number }
  | { readonly kind: 'signal'; readonly name: string };

export type ServerFrame =
  | { readonly kind: 'stdout' | 'stderr'; readonly data: Buffer }
  /** `code` is null where it was lost; `message` says what the client should know beside it. */
  | {
      readonly kind: 'exit';
      readonly code: number | null;
      readonly outOfMemory: boolean;
      readonly message?: string;
    };

/** The peer does not speak this protocol; the connection is of no more use. */
export class FrameError extends Error {
  override readonly name = 'FrameError';
}

export function encodeClientFrame(frame: ClientFrame): Buffer {
  switch (frame.kind) {
    case 'stdin':
      return encodeData(KIND.stdin, frame.data);
    case 'stdin-end':
      return encode(KIND.stdinEnd, Buffer.alloc(0));
    case 'resize':
      return encodeJson(KIND.resize, { columns: frame.columns, rows: frame.rows });
    case 'signal':
      return encode(KIND.signal, Buffer.from(frame.name));
  }
}

export function encodeServerFrame(frame: ServerFrame): Buffer {
  if (frame.kind !== 'exit') return encodeData(KIND[frame.kind], frame.data);
  const { code, outOfMemory, message } = frame;
  return encodeJson(KIND.exit, {
    code,
    out_of_memory: outOfMemory,
    ...(message === undefined ? {} : { message }),
  });
}

/** Feed it what arrives, in any pieces; it answers the frames that are complete. Throws FrameError. */
export class FrameReader<Frame> {
  private pending: Buffer = Buffer.alloc(0);

  private constructor(private readonly decode: (kind: number, payload: Buffer) => Frame) {}

  /** What a server reads. */
  static ofClient(): FrameReader<ClientFrame> {
    return new FrameReader(decodeClientFrame);
  }

  /** What a client reads. */
  static ofServer(): FrameReader<ServerFrame> {
    return new FrameReader(decodeServerFrame);
  }

  push(chunk: Buffer): Frame[] {
    this.pending = this.pending.length === 0 ? chunk : Buffer.concat([this.pending, chunk]);
    const frames: Frame[] = [];
    while (this.pending.length >= HEADER) {
      const length = this.pending.readUInt32BE(1);
      if (length > MAX_PAYLOAD) throw new FrameError(`A frame of ${length} bytes is over the limit.`);
      if (this.pending.length < HEADER + length) break;
      frames.push(this.decode(this.pending.readUInt8(0), this.pending.subarray(HEADER, HEADER + length)));
      this.pending = this.pending.subarray(HEADER + length);
    }
    return frames;
  }
}

function encode(kind: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(HEADER);
  header.writeUInt8(kind, 0);
  header.writeUInt32BE(payload.length, 1);
  return Buffer.concat([header, payload]);
}

function encodeData(kind: number, data: Buffer): Buffer {
  if (data.length <= MAX_PAYLOAD) return encode(kind, data);
  const frames: Buffer[] = [];
  for (let from = 0; from < data.length; from += MAX_PAYLOAD) {
    frames.push(encode(kind, data.subarray(from, from + MAX_PAYLOAD)));
  }
  return Buffer.concat(frames);
}

const encodeJson = (kind: number, value: object): Buffer => encode(kind, Buffer.from(JSON.stringify(value)));

function decodeClientFrame(kind: number, payload: Buffer): ClientFrame {
  switch (kind) {
    case KIND.stdin:
      return { kind: 'stdin', data: payload };
    case KIND.stdinEnd:
      return { kind: 'stdin-end' };
    case KIND.resize: {
      const { columns, rows } = parse(payload);
      return { kind: 'resize', columns: cells(columns), rows: cells(rows) };
    }
    case KIND.signal:
      return { kind: 'signal', name: payload.toString('utf8') };
    default:
      throw new FrameError(`A client sends no frame of kind ${kind}.`);
  }
}

function decodeServerFrame(kind: number, payload: Buffer): ServerFrame {
  switch (kind) {
    case KIND.stdout:
      return { kind: 'stdout', data: payload };
    case KIND.stderr:
      return { kind: 'stderr', data: payload };
    case KIND.exit: {
      const { code, out_of_memory, message } = parse(payload);
      return {
        kind: 'exit',
        code: typeof code === 'number' ? code : null,
        outOfMemory: out_of_memory === true,
        ...(typeof message === 'string' ? { message } : {}),
      };
    }
    default:
      throw new FrameError(`A server sends no frame of kind ${kind}.`);
  }
}

function parse(payload: Buffer): Partial<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(payload.toString('utf8'));
    if (typeof value === 'object' && value !== null) return { ...value };
  } catch {
    // Falls through to the error that says what was expected.
  }
  throw new FrameError('The payload of this frame is a JSON object.');
}

function cells(value: unknown): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 65_535) return value;
  throw new FrameError('A terminal has 1 to 65535 columns and rows.');
}

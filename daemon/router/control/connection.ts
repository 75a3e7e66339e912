import { connect, type Socket } from 'node:net';
import { readLines, writeLine } from './lines.js';
import type { ControlReply, ControlRequest } from './protocol.js';

type WithoutId<T> = T extends unknown ? Omit<T, 'id'> : never;
export type Question = WithoutId<ControlRequest>;

interface Waiter {
  resolve(reply: ControlReply): void;
  reject(error: Error): void;
}

/** The connection broke before an answer came: the question may be asked again on a new one. */
export class ConnectionLost extends Error {}

/** The router answered that it did not do it. */
export class Refused extends Error {}

/** One connection to the router's control socket; replies are matched to questions by their id. */
export class ControlConnection {
  readonly closed: Promise<void>;
  private readonly waiters = new Map<number, Waiter>();
  private lastId = 0;

  private constructor(private readonly socket: Socket) {
    readLines(socket, (message) => this.receive(message));
    socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        for (const waiter of this.waiters.values())
          waiter.reject(new ConnectionLost('the router closed the connection'));
        this.waiters.clear();
        resolve();
      });
    });
  }

  static open(path: string): Promise<ControlConnection> {
    return new Promise((resolve, reject) => {
      const socket = connect(path);
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new ControlConnection(socket));
      });
    });
  }

  ask(question: Question): Promise<ControlReply> {
    const id = ++this.lastId;
    return new Promise((resolve, reject) => {
      if (this.socket.destroyed) {
        reject(new ConnectionLost('the connection to the router is closed'));
        return;
      }
      this.waiters.set(id, { resolve, reject });
      writeLine(this.socket, { ...question, id });
    });
  }

  close(): void {
    this.socket.destroy();
  }

  private receive(message: unknown): void {
    const reply = message as ControlReply;
    const waiter = this.waiters.get(reply.id);
    this.waiters.delete(reply.id);
    if (reply.type === 'failed') waiter?.reject(new Refused(reply.message));
    else waiter?.resolve(reply);
  }
}

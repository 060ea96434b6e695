/** The gRPC side of the collector: accepts probes' streams and hands what they say to one handler each. */
import { chmodSync, lstatSync, unlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { logVerbosity, Server, ServerCredentials, type ServerDuplexStream, setLogVerbosity, status } from '@grpc/grpc-js';
import { steadyNow } from '../model/steady.ts';
import { HEALTH, HEALTH_SERVICE } from './health.ts';
import { NAMES_SERVICE, namesService } from './names-service.ts';
import type { SharedNames } from './shared-names.ts';
import { checkBye, checkHello, checkReady, WireError } from './validate.ts';
import { widenWindows } from './window.ts';
import { type BatchDef, type Bye, type Config, type FromProbe, type Hello, LAYOUT, loadWire, type Ready, type ToProbe } from './wire.ts';

/** One probe's recording, as the server tells of it. */
export interface ProbeHandler {
  /** What the probe shall record; null refuses it. */
  hello(hello: Hello): Config | null;
  ready(hello: Hello, ready: Ready): void;
  batch(batch: BatchDef): void;
  /** The stream is over; `bye` null: it broke, or sent what made no sense (`error`). May be called again: the first counts. */
  ended(bye: Bye | null, error: Error | null): void;
}

/** What the collector can tell a probe while it records. */
export interface ProbeControl {
  configure(config: Config): void;
  stop(): void;
}

/** PEM. With authorities a probe must show a certificate that one of them signed. */
export interface ServerKeys {
  readonly certificate: Buffer;
  readonly key: Buffer;
  readonly authorities: Buffer | null;
}

type Call = ServerDuplexStream<Buffer, ToProbe>;

/** How long connections may take to close by themselves. */
const CLOSE_MS = 1000;
/** A probe's largest message names all that it found when it began: some 10 MB where a node has 32,768 threads. */
const MAX_MESSAGE = 32 * 1024 * 1024;

/** What may be had of a collector. */
export interface ServerLimits {
  /** Probes at one time. */
  readonly probes: number;
  /** ms that a probe may take to say who it is, and then to attach its hooks. */
  readonly helloMs: number;
  readonly readyMs: number;
}

const LIMITS: ServerLimits = { probes: 256, helloMs: 30_000, readyMs: 300_000 };
/** ms: who does not answer a ping is gone. */
const PING_MS = 30_000;
const PONG_MS = 20_000;

export class CollectorServer {
  readonly #server: Server;
  readonly #newHandler: (control: ProbeControl) => ProbeHandler;
  readonly #limits: ServerLimits;
  readonly #decode: (bytes: Buffer) => FromProbe;
  #probes = 0;
  #closed: Promise<void> | null = null;

  /** `newHandler` is called once for each probe that connects. */
  constructor(newHandler: (control: ProbeControl) => ProbeHandler, limits: Partial<ServerLimits> = {}) {
    this.#newHandler = newHandler;
    this.#limits = { ...LIMITS, ...limits };
    setLogVerbosity(logVerbosity.NONE); // what matters of it comes as errors too, and goes one way to the terminal
    widenWindows();
    const wire = loadWire();
    this.#decode = wire.decode;
    this.#server = new Server({
      'grpc.max_receive_message_length': MAX_MESSAGE,
      'grpc.keepalive_time_ms': PING_MS,
      'grpc.keepalive_timeout_ms': PONG_MS,
    });
    const method = {
      path: wire.path,
      requestStream: true,
      responseStream: true,
      requestDeserialize: (bytes: Buffer) => bytes, // what is none is told as what makes no sense
      requestSerialize: () => Buffer.alloc(0), // a server does not send requests
      responseSerialize: wire.encode,
      responseDeserialize: () => ({ stop: {} }) as ToProbe, // nor does it receive responses
    };
    this.#server.addService({ record: method }, { record: (call: Call) => this.#serve(call) });
    this.#server.addService(HEALTH_SERVICE, HEALTH);
  }

  /** Other collectors may ask for these names. Before it listens. */
  share(names: SharedNames): void {
    this.#server.addService(NAMES_SERVICE, namesService(names));
  }

  /** Listens on `unix:PATH` (made private to its owner) or HOST:PORT, and gives that; of port 0, the one that it got. `keys` null: not encrypted. */
  async listen(address: string, keys: ServerKeys | null = null): Promise<string> {
    if (address.startsWith('unix:')) await removeStale(address.slice('unix:'.length));
    const port = await new Promise<number>((resolve, reject) => {
      this.#server.bindAsync(address, credentialsOf(keys), (error, bound) => (error === null ? resolve(bound) : reject(error)));
    });
    if (!address.startsWith('unix:')) return address.replace(/:0$/, `:${port}`);
    chmodSync(address.slice('unix:'.length), 0o600);
    return address;
  }

  /** Streams that have ended get their status first: without it a probe takes a good end for a broken connection. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const closed = Promise.withResolvers<void>();
    const patience = setTimeout(closed.resolve, CLOSE_MS);
    this.#server.tryShutdown(() => closed.resolve());
    await closed.promise;
    clearTimeout(patience);
    this.#server.forceShutdown();
  }

  #serve(call: Call): void {
    if (this.#probes >= this.#limits.probes) {
      call.emit('error', { code: status.RESOURCE_EXHAUSTED, details: `this collector takes ${this.#limits.probes} probes at a time` });
      return;
    }
    this.#probes++;
    call.once('close', () => {
      this.#probes--;
    });
    const handler = this.#newHandler({
      configure: (config) => call.write({ config }),
      stop: () => call.write({ stop: {} }),
    });
    const state: SessionState = { hello: null, ready: false, bye: null, over: false };
    const patience = this.#patience(call, handler, state);
    call.on('data', (bytes: Buffer) => {
      if (state.over) return; // what a probe sends after nonsense is of no use
      try {
        this.#message(call, handler, state, this.#decode(bytes));
      } catch (error) {
        refuse(call, handler, state, error as Error);
      }
    });
    call.on('end', () => {
      call.end();
      handler.ended(state.bye, null);
    });
    call.on('error', () => handler.ended(state.bye, null));
    call.once('close', () => clearInterval(patience));
    call.on('cancelled', () => handler.ended(state.bye, null));
  }

  /** Who connects and says nothing takes a place from others. */
  #patience(call: Call, handler: ProbeHandler, state: SessionState): NodeJS.Timeout {
    const begun = steadyNow();
    const { helloMs, readyMs } = this.#limits;
    const look = () => {
      const late = state.hello === null ? helloMs : readyMs;
      if (state.ready || state.over) clearInterval(timer);
      else if (steadyNow() - begun >= late)
        refuse(call, handler, state, new WireError(`no ${state.hello === null ? 'Hello' : 'Ready'} came within ${late / 1000} s`));
    };
    const timer = setInterval(look, Math.min(helloMs, readyMs) / 4);
    return timer.unref();
  }

  #message(call: Call, handler: ProbeHandler, state: SessionState, message: FromProbe): void {
    switch (message.message) {
      case 'hello': {
        const { hello } = message;
        if (state.hello !== null) throw new WireError('Hello came twice');
        if (hello.layout !== LAYOUT)
          throw new Error(`the probe speaks layout ${hello.layout}, this collector ${LAYOUT}: update the older one`);
        checkHello(hello);
        state.hello = hello;
        const config = handler.hello(hello);
        if (config === null) throw new Error('this collector already has its probe');
        call.write({ config });
        return;
      }
      case 'ready':
        if (state.hello === null) throw new WireError('Ready came before Hello');
        if (state.ready) throw new WireError('Ready came twice');
        checkReady(state.hello, message.ready);
        state.ready = true;
        handler.ready(state.hello, message.ready);
        return;
      case 'batch':
        if (!state.ready) throw new WireError('Batch came before Ready');
        if (state.bye !== null) throw new WireError('Batch came after Bye');
        handler.batch(message.batch);
        return;
      case 'bye':
        checkBye(message.bye);
        state.bye = message.bye;
        return;
      default:
        throw new WireError('a message that says nothing');
    }
  }
}

/** Cuts a probe off, which is told why; what it said before is kept. */
function refuse(call: Call, handler: ProbeHandler, state: SessionState, error: Error): void {
  state.over = true;
  handler.ended(null, error);
  call.emit('error', { code: status.INVALID_ARGUMENT, details: error.message });
}

/** A collector that was killed leaves its socket behind, where nobody listens any more. */
async function removeStale(path: string): Promise<void> {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSocket() !== true) return;
  const refused = await new Promise<boolean>((resolve) => {
    const socket = connect(path, () => resolve(false)).on('error', ({ code }: NodeJS.ErrnoException) => resolve(code === 'ECONNREFUSED'));
    socket.once('connect', () => socket.destroy());
  });
  if (refused) unlinkSync(path);
}

function credentialsOf(keys: ServerKeys | null): ServerCredentials {
  if (keys === null) return ServerCredentials.createInsecure();
  return ServerCredentials.createSsl(
    keys.authorities,
    [{ private_key: keys.key, cert_chain: keys.certificate }],
    keys.authorities !== null,
  );
}

interface SessionState {
  hello: Hello | null;
  ready: boolean;
  bye: Bye | null;
  /** It sent what made no sense. */
  over: boolean;
}

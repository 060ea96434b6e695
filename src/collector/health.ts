/** grpc.health.v1: whether the collector takes probes, for whoever watches over it. Its two messages have one field each. */
import {
  type ServerUnaryCall,
  type ServerWritableStream,
  type ServiceDefinition,
  type sendUnaryData,
  status,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';

/** As grpc.health.v1 numbers them. */
const SERVING = 1;
const SERVICE_UNKNOWN = 3;
/** The empty name asks for the server as a whole. */
const SERVICES: ReadonlySet<string> = new Set(['', 'trowel.v1.Collector']);

interface CheckRequest {
  readonly service: string;
}
interface CheckResponse {
  readonly status: number;
}

const messages = {
  requestSerialize: ({ service }: CheckRequest) => Buffer.concat([Buffer.of(0x0a, Buffer.byteLength(service)), Buffer.from(service)]),
  requestDeserialize: (bytes: Buffer): CheckRequest => ({ service: bytes[0] === 0x0a ? bytes.subarray(2, 2 + bytes[1]!).toString() : '' }),
  responseSerialize: ({ status: code }: CheckResponse) => Buffer.of(0x08, code),
  responseDeserialize: (bytes: Buffer): CheckResponse => ({ status: bytes[1] ?? 0 }),
};

export const HEALTH_SERVICE: ServiceDefinition = {
  check: { path: '/grpc.health.v1.Health/Check', requestStream: false, responseStream: false, ...messages },
  watch: { path: '/grpc.health.v1.Health/Watch', requestStream: false, responseStream: true, ...messages },
};

export const HEALTH: UntypedServiceImplementation = {
  check: ({ request }: ServerUnaryCall<CheckRequest, CheckResponse>, reply: sendUnaryData<CheckResponse>) => {
    if (SERVICES.has(request.service)) reply(null, { status: SERVING });
    else reply({ code: status.NOT_FOUND, details: `no service is called ${request.service}` });
  },
  /** The state never changes while the server lives: one message, and the stream stays. */
  watch: (call: ServerWritableStream<CheckRequest, CheckResponse>) => {
    call.write({ status: SERVICES.has(call.request.service) ? SERVING : SERVICE_UNKNOWN });
  },
};
